"""What a request asks of the return on investment: the days, the way of counting, and inputs that are tried out."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from django.http import HttpRequest

from portal.asked_period import asked_period
from portal.costs import TYPED_NAMES, Costs, build_costs
from portal.models import CostInputs, Merchant
from portal.periods import Period
from reporting.forms import CostInputsForm
from reporting.roi import Mode


@dataclass(frozen=True)
class AskedRoi:
    merchant: Merchant
    now: datetime
    period: Period
    mode: Mode
    saved: CostInputs
    form: CostInputsForm

    @cached_property
    def amounts(self) -> dict[str, Decimal | None]:
        """What the result is worked out with. An amount that cannot be used leaves the saved one in its place."""
        if not self.form.is_bound:
            return self.saved.amounts
        self.form.is_valid()
        return {**self.saved.amounts, **self.form.cleaned_data}

    @property
    def costs(self) -> Costs:
        return build_costs(self.amounts)

    @property
    def tried(self) -> dict[str, str]:
        """The typed texts of the inputs that count instead of the saved ones: with the period they lead here again."""
        if not self.form.is_bound:
            return {}
        changed = (name for name in self.form.changed_data if name not in self.form.errors)
        return {name: self.form.data[name] for name in changed}

    @property
    def is_preview(self) -> bool:
        return bool(self.tried)


def read_asked_roi(
    request: HttpRequest, merchant: Merchant, *, now: datetime, typed: Mapping[str, str] | None = None
) -> AskedRoi:
    """`typed` stands for the query's inputs. Inputs that are not asked for are as they are saved."""
    saved = CostInputs.of(merchant)
    asked = request.GET if typed is None else typed
    texts = {name: asked[name] for name in TYPED_NAMES if name in asked}
    form = CostInputsForm(None, instance=copy(saved))
    if texts:
        form = CostInputsForm({**form.texts(saved.amounts), **texts}, instance=copy(saved))
    return AskedRoi(
        merchant=merchant,
        now=now,
        period=asked_period(request, merchant, now=now),
        mode=Mode.SEED if request.GET.get("mode") == Mode.SEED else Mode.HONEST,
        saved=saved,
        form=form,
    )
