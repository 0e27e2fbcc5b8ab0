"""How somebody signs in to the demo on this machine."""

from portal.models import Membership, Role, User

# Known to everybody who reads this, so `load_demo` gives it to made-up people only.
DEMO_PASSWORD = "aftercare-demo"  # noqa: S105

# The audit entry of a load that came to its end.
DEMO_LOADED = "demo.loaded"


def demo_sign_in() -> str:
    """A line for each role of the demo merchant whose password is still the demo's; empty without any."""
    lines = []
    for role in sorted(Role, reverse=True):
        members = Membership.objects.filter(merchant__is_demo=True, role=role).select_related("user").order_by("pk")
        if (member := members.first()) and member.user.check_password(DEMO_PASSWORD):
            lines.append(f"  {role.label:<10} {member.user.email}")
    staff = User.objects.filter(is_staff=True, email__endswith="@demo.example").first()
    if staff and staff.check_password(DEMO_PASSWORD):
        lines.append(f"  {'Staff':<10} {staff.email} (at /admin/)")
    return "\n".join([f"Sign in with the password {DEMO_PASSWORD} as", *lines]) if lines else ""
