from improvement.admin.articles import ArticleAdmin, ArticleVersionAdmin
from improvement.admin.drafts import DraftAdmin
from improvement.admin.effects import EffectAdmin
from improvement.admin.gaps import GapAdmin

__all__ = ["ArticleAdmin", "ArticleVersionAdmin", "DraftAdmin", "EffectAdmin", "GapAdmin"]
