"""A Slurm of one node with two pretended GPUs, as root, in seconds; Debian's slurm-wlm and munge.

What it needs beyond a slurm.conf is in `missing`; no systemd, no cgroups, no accounting database.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
SYSTEM_CONF = Path("/etc/slurm/slurm.conf")  # where srun looks within a job, whatever SLURM_CONF

SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SlurmdParameters=config_overrides
MinJobAge=600
KillWait=5
GresTypes=gpu
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed.txt
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000 Gres=gpu:fake:2
PartitionName=cpu Nodes={host} Default=YES State=UP
PartitionName=gpu Nodes={host} State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm."""

    folder: Path

    def completed(self) -> list[dict[str, str]]:
        """The jobs that have ended, from Slurm's own log: JobState, Partition, StartTime, ..."""
        log = self.folder / "completed.txt"
        return [_fields(line) for line in (log.read_text().splitlines() if log.exists() else [])]

    def job(self, job: str) -> dict[str, str]:
        """What Slurm knows of a running job."""
        return _fields(_output("scontrol", "show", "job", job))

    def jobs(self) -> list[str]:
        """The ids of the jobs that run or wait."""
        return _output("squeue", "--noheader", "--format=%A").split()

    def limit(self, job: str, minutes: int) -> None:
        """Give a running job another time limit."""
        _run("scontrol", "update", f"JobId={job}", f"TimeLimit={minutes}")

    def wait_until_empty(self, seconds: float = 60) -> None:
        """Wait for the end of all jobs."""
        _wait(lambda: not self.jobs(), seconds, "jobs go on")


def missing() -> str:
    """Why no Slurm can be brought up here; empty where it can."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"no Slurm here: {', '.join(absent)} not found (Debian: slurm-wlm and munge)"
    if os.geteuid() != 0:
        return "a Slurm of one's own needs root"
    if SYSTEM_CONF.exists() and not SYSTEM_CONF.is_symlink():
        return f"{SYSTEM_CONF} is there: this machine belongs to a real cluster"
    return ""


@contextmanager
def running(folder: Path) -> Iterator[Slurm]:
    """Bring up a Slurm in a folder, for the length of the block."""
    host = socket.gethostname().partition(".")[0]
    with ExitStack() as stack:
        _alone(stack)
        for name in ("state", "spool", "dev"):
            (folder / name).mkdir(parents=True)
        ports = {"controller_port": _free_port(), "node_port": _free_port()}
        conf = folder / "slurm.conf"
        conf.write_text(SLURM_CONF.format(host=host, folder=folder, **ports))
        gpus = [folder / "dev" / f"gpu{i}" for i in range(2)]
        for gpu in gpus:
            os.mknod(gpu, 0o666 | 0o020000, os.makedev(1, 3))  # twins of /dev/null
        (folder / "gres.conf").write_text(
            "".join(f"NodeName={host} Name=gpu Type=fake File={gpu}\n" for gpu in gpus)
        )
        SYSTEM_CONF.parent.mkdir(exist_ok=True)
        SYSTEM_CONF.unlink(missing_ok=True)
        SYSTEM_CONF.symlink_to(conf)
        stack.callback(SYSTEM_CONF.unlink, missing_ok=True)
        _munge(folder, stack)
        for daemon, *options in (["slurmctld", "-c"], ["slurmd", "-N", host]):
            _run(daemon, "-f", str(conf), *options)
            stack.callback(_end, folder / f"{daemon}.pid")
        slurm = Slurm(folder)
        ready = ("idle", "mix", "alloc")
        _wait(lambda: _output("sinfo", "-h", "-o", "%t").strip() in ready, 30, "the node is down")
        stack.callback(_cancel_all, slurm)
        yield slurm


def _alone(stack: ExitStack) -> None:
    """Wait for another test run on this machine: there is one /etc/slurm/slurm.conf."""
    lock = os.open("/run/slurm-of-tests.lock", os.O_WRONLY | os.O_CREAT)
    stack.callback(os.close, lock)
    fcntl.flock(lock, fcntl.LOCK_EX)


def _munge(folder: Path, stack: ExitStack) -> None:
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    files = {"key": key, "socket": folder / "munge.sock", "pid": folder / "munged.pid"}
    files |= {"log": folder / "munged.log", "seed": folder / "munged.seed"}
    names = {"socket": "--socket"}
    _run("munged", "--force", *(f"{names.get(k, f'--{k}-file')}={v}" for k, v in files.items()))
    stack.callback(_end, files["pid"])


def _cancel_all(slurm: Slurm) -> None:
    if jobs := slurm.jobs():
        _run("scancel", "--signal=KILL", *jobs)
        _run("scancel", *jobs)
        with suppress(TimeoutError):
            slurm.wait_until_empty(20)


def _end(pid_file: Path) -> None:
    """End a daemon, and wait for it."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout


def _fields(text: str) -> dict[str, str]:
    """What Slurm writes as NAME=value, with spaces between."""
    return dict(part.split("=", 1) for part in text.split() if "=" in part)


def _wait(condition, seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.2)
