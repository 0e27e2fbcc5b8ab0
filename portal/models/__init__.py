from portal.models.api_key import ApiKey, Scope
from portal.models.attempt import Attempt
from portal.models.audit import AuditEntry
from portal.models.authenticator import Authenticator, RecoveryCode
from portal.models.cost_inputs import CostInputs
from portal.models.heartbeat import Heartbeat
from portal.models.invitation import ClosedInvitationError, Invitation, InvitationState
from portal.models.job import Job, JobState
from portal.models.llm_call import LlmCall
from portal.models.membership import LastOwnerError, Membership, Role
from portal.models.merchant import Merchant
from portal.models.run_feedback import RunFeedback
from portal.models.session import Session
from portal.models.user import User

__all__ = [
    "ApiKey",
    "Attempt",
    "AuditEntry",
    "Authenticator",
    "ClosedInvitationError",
    "CostInputs",
    "Heartbeat",
    "Invitation",
    "InvitationState",
    "Job",
    "JobState",
    "LastOwnerError",
    "LlmCall",
    "Membership",
    "Merchant",
    "RecoveryCode",
    "Role",
    "RunFeedback",
    "Scope",
    "Session",
    "User",
]
