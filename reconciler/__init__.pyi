from reconciler.diagnostics import Diagnostic as Diagnostic
from reconciler.documents.savedplan import read_plan_file as read_plan_file
from reconciler.errors import ReconcilerError as ReconcilerError
from reconciler.fieldpath import format_path as format_path
from reconciler.model.drift import Drift as Drift
from reconciler.model.outcome import Outcome as Outcome
from reconciler.model.plan import Plan as Plan
from reconciler.model.project import DesiredProject as DesiredProject
from reconciler.model.project import LiveProject as LiveProject
from reconciler.model.project import UnreadableProject as UnreadableProject
from reconciler.model.snapshot import Snapshot as Snapshot
from reconciler.model.validation import Validation as Validation
from reconciler.operations.apply import apply_plan as apply_plan
from reconciler.operations.drift import drift as drift
from reconciler.operations.live import live_projects as live_projects
from reconciler.operations.plan import plan as plan
from reconciler.operations.session import Session as Session
from reconciler.operations.session import open_session as open_session
from reconciler.operations.snapshot import save_snapshot as save_snapshot
from reconciler.operations.validate import validate as validate
from reconciler.settings import Settings as Settings
from reconciler.settings import read_settings as read_settings

__version__: str
__all__: list[str]
