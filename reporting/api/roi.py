"""What the agent saves, over REST: the same formula, inputs and sources as on the page."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import MerchantApiView
from portal.api_query import Choice, PeriodQuery
from portal.models import CostInputs, Scope
from reporting.api.roi_shapes import RoiSerializer, encode_savings
from reporting.roi import Mode
from reporting.savings import measure_savings


class RoiQuery(PeriodQuery):
    mode = Choice([mode.value for mode in Mode], default=Mode.HONEST.value)


class RoiView(MerchantApiView):
    scope = Scope.READ
    query = RoiQuery

    @extend_schema(
        operation_id="roi_read",
        tags=["roi"],
        summary="Return on investment of a period",
        responses=RoiSerializer,
    )
    def get(self, request: Request) -> Response:
        costs = CostInputs.costs_of(self.merchant)
        mode = Mode(self.asked["mode"])
        savings = measure_savings(self.merchant, self.asked["window"], mode=mode, now=self.now, costs=costs)
        return Response(RoiSerializer(encode_savings(savings, self.merchant.currency)).data)
