"""A real Slurm of one node on the loopback, in a folder of its own, from the packages of the system."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
PARTITION = "main"
PATIENCE_S = 120
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName={partition} Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Programs of Slurm and of munge that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@dataclass
class OneNode:
    """A controller and a node, both of this machine."""

    folder: Path

    def start(self):
        """Begin with an empty queue; returns when the node takes jobs."""
        for name in ("spool", "state", "munge"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "munge").chmod(0o700)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        (self.folder / "slurm.conf").write_text(self._configuration())
        os.environ["SLURM_CONF"] = str(self.folder / "slurm.conf")
        munge = {"socket": "socket", "log-file": "log", "pid-file": "pid", "seed-file": "seed", "key-file": "key"}
        _run("munged", "--force", *(f"--{option}={key.with_name(name)}" for option, name in munge.items()))
        _run("slurmctld", "-c")
        _run("slurmd")
        _wait(self._idle)

    def stop(self):
        # jobs are no children of the daemons, and would outlive them
        if self.answers():
            self.cancel(f"--partition={PARTITION}")
            _wait(lambda: not subprocess.run(["squeue", "-h"], capture_output=True, check=False).stdout)
        for pid in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            self._kill(pid)
        os.environ.pop("SLURM_CONF", None)

    def restart_controller(self):
        """The controller dies, and another one goes on from what it left."""
        self._kill("slurmctld.pid", signal.SIGKILL)
        assert not self.answers()
        _run("slurmctld")
        _wait(self.answers)

    def restart_node(self):
        """The daemon of the node dies, and another one goes on; jobs at work are not its children."""
        self._kill("slurmd.pid", signal.SIGKILL)
        _run("slurmd")
        _wait(self.answers)

    def answers(self):
        return subprocess.run(["sinfo"], capture_output=True, check=False).returncode == 0

    def cancel(self, job):
        _run("scancel", job)

    def _idle(self):
        told = subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, check=False)
        return told.stdout.strip() == "idle"

    def _kill(self, name, number=signal.SIGTERM):
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int((self.folder / name).read_text())
            os.kill(pid, number)
            _wait(lambda: not Path(f"/proc/{pid}").exists())

    def _configuration(self):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        return CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0],
            user=getpass.getuser(),
            folder=self.folder,
            ports=ports,
            cores=os.cpu_count(),
            memory=memory * 9 // 10,
            partition=PARTITION,
        )


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)


def _wait(reached):
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, "Slurm did not come up; its logs lie beside slurm.conf"
        time.sleep(0.5)
