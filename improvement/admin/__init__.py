from improvement.admin.drafts import DraftAdmin
from improvement.admin.effects import EffectAdmin

__all__ = ["DraftAdmin", "EffectAdmin"]
