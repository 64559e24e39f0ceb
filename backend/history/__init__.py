"""What the product remembers, in SQLAlchemy over SQLite or PostgreSQL."""

from backend.history.schema import UtcDateTime as UtcDateTime
from backend.history.schema import cancellations as cancellations
from backend.history.schema import jobs as jobs
from backend.history.schema import metadata as metadata
from backend.history.schema import notes as notes
from backend.history.schema import plans as plans
from backend.history.schema import vintages as vintages
from backend.history.store import History as History
