from django.urls import URLPattern, path

from analytics.agreement_views import agreement_measurements, agreement_page, scorer_trainings
from analytics.conversation_views import conversation_detail, conversation_list
from analytics.data_health_views import data_health
from analytics.disagreement_views import disagreement_decisions, disagreement_page, disagreements_page
from analytics.export_views import conversations_export, metrics_export
from analytics.label_file_views import label_imports, labels_file
from analytics.label_views import label_marks, label_plan, label_skips, label_withdrawals, labels_page
from analytics.quality_views import quality_page
from analytics.rubric_views import rubric_page, rubric_restorations
from analytics.spam_views import spam_decisions

urlpatterns: list[URLPattern] = [
    path("conversations/", conversation_list, name="conversations"),
    path("conversations/<int:conversation_id>/", conversation_detail, name="conversation"),
    path("conversations/<int:conversation_id>/spam-decisions/", spam_decisions, name="conversation_spam_decisions"),
    path("data-health/", data_health, name="data_health"),
    path("export/conversations/", conversations_export, name="conversations_export"),
    path("export/metrics/", metrics_export, name="metrics_export"),
    path("quality/", quality_page, name="quality"),
    path("quality/agreement/", agreement_page, name="quality_agreement"),
    path("quality/agreement/measurements/", agreement_measurements, name="quality_agreement_measurements"),
    path("quality/agreement/trainings/", scorer_trainings, name="quality_scorer_trainings"),
    path("quality/rubric/", rubric_page, name="quality_rubric"),
    path("quality/rubric/restorations/", rubric_restorations, name="quality_rubric_restorations"),
    path("quality/labels/", labels_page, name="quality_labels"),
    path("quality/labels/disagreements/", disagreements_page, name="quality_disagreements"),
    path("quality/labels/disagreements/<int:label_task_id>/", disagreement_page, name="quality_disagreement"),
    path(
        "quality/labels/disagreements/<int:label_task_id>/decisions/",
        disagreement_decisions,
        name="quality_disagreement_decisions",
    ),
    path("quality/labels/export.csv", labels_file, name="quality_labels_file"),
    path("quality/labels/imports/", label_imports, name="quality_label_imports"),
    path("quality/labels/plan/", label_plan, name="quality_label_plan"),
    path("quality/labels/withdrawals/", label_withdrawals, name="quality_label_withdrawals"),
    path("quality/labels/<int:label_task_id>/marks/", label_marks, name="quality_label_marks"),
    path("quality/labels/<int:label_task_id>/skips/", label_skips, name="quality_label_skips"),
]
