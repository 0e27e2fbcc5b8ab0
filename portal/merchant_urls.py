"""Pages of a merchant that belong to no app above: settings, team, keys, audit trail, jobs."""

from django.urls import path

from portal.pages import api_keys, audit, jobs, settings, team, team_invitations

urlpatterns = [
    path("settings/", settings.settings, name="settings"),
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
