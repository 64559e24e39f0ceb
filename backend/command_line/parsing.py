"""What may be written on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from backend.command_line import commands
from backend.services import WhichKey

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from backend.command_line.commands import Command


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add every command; each parsed line has the function that does it as `operation`."""
    _models(subparsers.add_parser("models", help="list, register or delete models"))
    _deploy(subparsers.add_parser("deploy", help="put a model behind an endpoint and wait until it answers"))
    _endpoints(subparsers.add_parser("endpoints", help="list, show or delete endpoints, and their keys"))
    logs = _leaf(subparsers.add_parser("logs", help="what an endpoint's container wrote"), commands.logs)
    logs.add_argument("name", help="the endpoint")
    logs.add_argument("--container", choices=("main", "init"), default="main", help="which container's log")
    score = _leaf(subparsers.add_parser("score", help="send one request to an endpoint"), commands.score)
    score.add_argument("name", help="the endpoint")
    asked = score.add_mutually_exclusive_group()
    asked.add_argument("--horizon", type=int, help="days ahead, in the contract of score.py of this app")
    asked.add_argument("--data", help="the request's JSON; @file reads a file, - reads the standard input")


def _models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    listing = _leaf(actions.add_parser("list", help="every version of every model"), commands.list_models)
    listing.add_argument("--name", help="of one model only")
    registering = _leaf(
        actions.add_parser("register", help="register what a training left"), commands.register
    )
    registering.add_argument("outputs", type=Path, help="a folder, or a zip of one: models/ and metric.json")
    deleting = _leaf(actions.add_parser("delete", help="delete a version"), commands.delete_model)
    deleting.add_argument("model", help="name:version")
    deleting.add_argument("--yes", action="store_true", required=True, help="there is no way back")


def _deploy(parser: argparse.ArgumentParser) -> None:
    _leaf(parser, commands.deploy)
    parser.add_argument("name", help="the endpoint's name")
    parser.add_argument("--model", required=True, help="name:version, or a name for its newest version")
    parser.add_argument("--script", type=Path, help="a scoring script; that of this app by default")
    parser.add_argument("--environment", type=Path, help="a conda YAML; envs/scoring.yml by default")
    parser.add_argument("--cpu", type=float, default=1.0, help="cores (default 1)")
    parser.add_argument("--memory", type=float, default=1.0, help="GB (default 1)")
    parser.add_argument("--description", default="", help="a sentence that goes with the endpoint")
    parser.add_argument("--no-key", action="store_true", help="answer anybody, without a key")
    parser.add_argument("--replace", action="store_true", help="take the place of an endpoint of this name")


def _endpoints(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    _leaf(actions.add_parser("list", help="every endpoint with its state"), commands.list_endpoints)
    showing = _leaf(actions.add_parser("show", help="one endpoint"), commands.show_endpoint)
    showing.add_argument("name")
    deleting = _leaf(actions.add_parser("delete", help="delete an endpoint"), commands.delete_endpoint)
    deleting.add_argument("name")
    deleting.add_argument("--yes", action="store_true", required=True, help="there is no way back")
    keys = _leaf(actions.add_parser("keys", help="an endpoint's keys"), commands.keys)
    keys.add_argument("name")
    keys.add_argument("--show", action="store_true", required=True, help="write the keys themselves")
    renewing = _leaf(actions.add_parser("renew-key", help="replace one key"), commands.renew_key)
    renewing.add_argument("name")
    renewing.add_argument("which", choices=get_args(WhichKey))


def _leaf(
    parser: argparse.ArgumentParser, operation: Callable[..., object] | Command
) -> argparse.ArgumentParser:
    parser.set_defaults(operation=operation)
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    return parser
