from portal.models.api_key import ApiKey, Scope
from portal.models.attempt import Attempt
from portal.models.audit import AuditEntry
from portal.models.cost_inputs import CostInputs
from portal.models.heartbeat import Heartbeat
from portal.models.job import Job, JobState
from portal.models.llm_call import LlmCall
from portal.models.merchant import LastOwnerError, Membership, Merchant, Role
from portal.models.run_feedback import RunFeedback
from portal.models.user import User

__all__ = [
    "ApiKey",
    "Attempt",
    "AuditEntry",
    "CostInputs",
    "Heartbeat",
    "Job",
    "JobState",
    "LastOwnerError",
    "LlmCall",
    "Membership",
    "Merchant",
    "Role",
    "RunFeedback",
    "Scope",
    "User",
]
