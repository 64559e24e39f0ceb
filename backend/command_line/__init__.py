"""The pages' operations as commands of `python -m backend`, for pipelines."""

from backend.command_line.parsing import add_commands as add_commands
from backend.command_line.running import run_command as run_command
