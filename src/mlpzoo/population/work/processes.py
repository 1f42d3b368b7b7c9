"""The processes that share the pieces of one job: which one this is, and what they agree on."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from datetime import timedelta
from typing import Any

import torch
from lightning.fabric.plugins import ClusterEnvironment
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from mlpzoo.checks import InputError, cause
from mlpzoo.place import DEVICES, SRUN, TORCHRUN, Place, place
from mlpzoo.population.work.children import Children
from mlpzoo.population.work.group import LIMIT, PAUSE, Group
from mlpzoo.training.many import PopulationSettings

_KNOWN = list[Group]()  # none, or that of this process


@contextmanager
def processes(settings: PopulationSettings) -> Iterator[Group]:
    """Yield the group of processes that this one works in, which `devices` may start.

    Each trains its pieces alone, so that Lightning sees one process in it, and its own GPU where
    there are several. What a process raises before they have agreed is told by the first alone.

    Args:
        settings: Whose devices and accelerator are meant.

    Raises:
        InputError: The environment and `devices` disagree, or not all come in time.
    """
    group = _group(settings.devices)
    group.begin()
    group.device = _device(settings.accelerator, place().local_rank, group.count)
    before = getattr(rank_zero_only, "rank", 0)
    rank_zero_only.rank = 0  # type: ignore[attr-defined]  # Lightning would let only 0 write
    try:
        if group.first:  # and tells all
            group.check(settings.devices)
        with _silent(not group.first):
            yield group
    except BaseException as error:
        group.leave(error)
        raise
    finally:
        rank_zero_only.rank = before  # type: ignore[attr-defined]


@contextmanager
def _silent(wanted: bool) -> Iterator[None]:
    """Leave out what is written to stderr, where the first process says it."""
    if not wanted:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        yield


def _group(devices: int | None) -> Group:
    """Return the group of this process, the same one as long as it lives."""
    here = place()
    if not _KNOWN:
        _KNOWN.append(_joined(here) if here.launcher else Group(here))
    if not here.launcher and devices not in (None, 1) and _KNOWN[0].children is None:
        _KNOWN[0] = _started(devices, _KNOWN[0].past)
    return _KNOWN[0]


def _joined(here: Place) -> Group:
    """Return the group that another program has started."""
    if here.fault:
        raise InputError(here.fault)
    if here.count == 1:
        return Group(here)
    kinds: dict[str, type[ClusterEnvironment]] = {
        TORCHRUN: TorchElasticEnvironment,
        SRUN: _Step,
        DEVICES: LightningEnvironment,
    }
    environment = kinds[here.launcher]()
    try:
        host, port = environment.main_address, environment.main_port
    except ValueError as error:
        raise InputError(f"{here.launcher} gives no address to meet at: {error}") from error
    if not 0 < port < 2**16:
        raise InputError(f"MASTER_PORT is {port}; set it to a free port from 1024 to 65535")
    agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True" and here.launcher == TORCHRUN
    hosts = here.rank == 0 and not agent
    store = _store(host, port, hosts=hosts)
    return Group(here, store=_of_attempt(os.environ, store) if agent else store)


def _of_attempt(given: Mapping[str, str], store: Any) -> Any:
    """Return the part of torchrun's own store for this start, each of which it outlives."""
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]

    attempt = (given.get(name, "") for name in ("TORCHELASTIC_RESTART_COUNT", "WORLD_SIZE"))
    return PrefixStore("/".join(["mlpzoo", *attempt]), store)


def _started(count: int, past: Sequence[Mapping[str, Any]]) -> Group:
    """Return a group whose other processes are started here."""
    store = _store("127.0.0.1", 0, hosts=True)
    group = Group(Place(DEVICES, 0, count), store=store, past=past)
    group.children = Children(count, store.port)
    return group


def _store(host: str, port: int, *, hosts: bool) -> Any:
    """Return what the first process, or torchrun, keeps for all; it needs no process group."""
    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # some builds have none

    if not hosts:
        _await_port(host, port)  # torch says at length that nobody listens yet
    limit = timedelta(seconds=LIMIT)
    made = list[Any]()

    def make() -> None:
        shared = {"wait_for_workers": False, "multi_tenant": hosts}
        try:
            made.append(TCPStore(host, port, None, hosts, limit, **shared))
        except (RuntimeError, ValueError) as error:
            made.append(error)

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    maker.join(LIMIT)  # torch waits for ever for the answer of a program that gives none
    if made and not isinstance(made[0], Exception):
        return made[0]
    why = f" ({cause(made[0])})" if made else ""
    raise InputError(
        f"the processes cannot meet at port {port} of {host}, which another program may use; "
        f"set MASTER_PORT to a free one{why}"
    )


def _await_port(host: str, port: int) -> None:
    end = time.monotonic() + LIMIT
    while True:
        try:
            socket.create_connection((host, port), 5).close()
            return
        except OSError as error:
            if time.monotonic() > end:
                raise InputError(
                    f"process 0 did not come to port {port} of {host} within {LIMIT:.0f} s "
                    f"({cause(error)}); start all processes"
                ) from error
        time.sleep(4 * PAUSE)


class _Step(SLURMEnvironment):
    """The tasks of one step of a SLURM job, also where --ntasks-per-node is not given."""

    _validate_srun_used = _validate_srun_variables = staticmethod(lambda: None)

    @property
    @override
    def main_address(self) -> str:
        if given := os.environ.get("MASTER_ADDR"):
            return given
        nodes = os.environ.get("SLURM_STEP_NODELIST") or os.environ.get("SLURM_NODELIST")
        if not nodes:
            raise ValueError("SLURM_STEP_NODELIST is ''; set MASTER_ADDR to the node of task 0")
        return self.resolve_root_node_address(nodes)

    @property
    @override
    def main_port(self) -> int:
        """The port of MASTER_PORT, else one of this step of the job."""
        if given := os.environ.get("MASTER_PORT"):
            return int(given)
        job, step = (int(os.environ.get(f"SLURM_{of}_ID", "0")) for of in ("JOB", "STEP"))
        return 15000 + (job + 137 * step) % 10000


def _device(accelerator: str, local_rank: int, count: int) -> int | list[int]:
    if count == 1 or accelerator not in ("auto", "cuda", "gpu") or not torch.cuda.is_available():
        return 1
    return [local_rank % torch.cuda.device_count()]
