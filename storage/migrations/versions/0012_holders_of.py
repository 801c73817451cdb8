"""The holders of one certificate from one page of an index: the public look-up asks for them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_certificate_holders_of", "certificate_holders", ["identifier", "code_hash"])
