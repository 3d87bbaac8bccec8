"""Every job that is enqueued has somebody who does it."""

import ast

from pesan.app.modules import import_tasks
from pesan.catalog.models import Event
from pesan.jobs import registered_tasks
from pesan.orders.states import PLACED, PLACED_FREE, TRANSITIONS
from tests.architecture.sources import sources

FULFILMENTS = ("tickets", "booths")


def enqueued_names() -> set[str]:
    """What is enqueued by name: constants that end in _TASK, and names written into the call itself."""
    names = set()
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign) and any(is_task_constant(target) for target in node.targets):
                names |= constants(node.value)
            elif isinstance(node, ast.Call) and called(node) in {"enqueue", "enqueue_many"}:
                names |= {name for argument in node.args[1:2] for name in constants(argument)}
    return names


def is_task_constant(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id.endswith("_TASK")


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def constants(node: ast.AST) -> set[str]:
    values = [child.value for child in ast.walk(node) if isinstance(child, ast.Constant)]
    return {value for value in values if isinstance(value, str) and "." in value}


def fulfilled(name: str) -> set[str]:
    return {name.format(fulfilment=kind) for kind in FULFILMENTS}


def test_every_enqueued_task_has_a_handler():
    import_tasks()
    wanted = {full for name in enqueued_names() for full in fulfilled(name)}
    assert wanted, "the search itself must find something"
    assert sorted(wanted - registered_tasks()) == []


def test_every_follow_up_of_a_transition_has_a_handler():
    import_tasks()
    follow_ups = {step.follow_up for step in (*TRANSITIONS.values(), PLACED, PLACED_FREE) if step.follow_up}
    wanted = {full for name in follow_ups for full in fulfilled(name)}
    assert sorted(wanted - registered_tasks()) == []


def test_the_default_fulfilment_is_one_that_exists():
    assert Event.__table__.c.fulfilment.server_default.arg in FULFILMENTS
