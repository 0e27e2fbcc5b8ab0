"""Pages of a merchant that belong to no app above: settings, team, keys, audit trail, jobs."""

from django.urls import path

from portal.pages import (
    api_keys,
    audit,
    jobs,
    settings_conversations,
    settings_general,
    settings_model,
    settings_privacy,
    team,
    team_invitations,
)

urlpatterns = [
    path("settings/", settings_general.settings, name="settings"),
    path("settings/conversations/", settings_conversations.settings_conversations, name="settings_conversations"),
    path("settings/privacy/", settings_privacy.settings_privacy, name="settings_privacy"),
    path("settings/privacy/trials/", settings_privacy.redaction_trials, name="redaction_trials"),
    path("settings/model/", settings_model.settings_model, name="settings_model"),
    path("settings/team/", team.team, name="team"),
    path("settings/team/<int:member_id>/roles/", team.member_roles, name="member_roles"),
    path("settings/team/<int:member_id>/removals/", team.member_removals, name="member_removals"),
    path("settings/team/departures/", team.team_departures, name="team_departures"),
    path(
        "settings/team/invitations/<int:invitation_id>/reminders/",
        team_invitations.invitation_reminders,
        name="invitation_reminders",
    ),
    path(
        "settings/team/invitations/<int:invitation_id>/withdrawals/",
        team_invitations.invitation_withdrawals,
        name="invitation_withdrawals",
    ),
    path("settings/keys/", api_keys.api_keys, name="api_keys"),
    path("settings/keys/<int:key_id>/revocations/", api_keys.api_key_revocations, name="api_key_revocations"),
    path("settings/audit/", audit.audit, name="audit"),
    path("jobs/<int:job_id>/", jobs.job, name="job"),
]
