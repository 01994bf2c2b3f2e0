"""Nothing listens but on loopback unless told, and what the metrics answer is nobody's secret."""

import socket
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from agents.settings import Settings
from local.kafka import Kafka
from local.ports import free_ports
from tests.system.site import Site


def listening(pid: int) -> set[str]:
    """The addresses at which a process takes connections."""
    found = psutil.Process(pid).net_connections(kind="inet")
    return {at.laddr.ip for at in found if at.status == psutil.CONN_LISTEN}


def test_the_default_is_loopback() -> None:
    assert Settings().metrics_host == "127.0.0.1"
    assert Settings().metrics_port is None


@pytest.mark.broker
def test_a_worker_without_a_port_listens_nowhere_and_services_on_loopback(
    broker: Kafka, redis_url: str, tmp_path: Path
) -> None:
    with Site(broker, tmp_path, redis_url=redis_url) as site:
        worker, views = site.worker().live(), site.views().says("the views have everything")
        assert listening(worker.process.pid) == set()
        assert listening(views.process.pid) == set()
        loopback = {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        assert listening(broker.pid) <= loopback
        port = int(redis_url.rsplit(":", 1)[1].split("/")[0])
        owners = {at.pid for at in psutil.net_connections("inet") if at.status == "LISTEN" and at.laddr.port == port}
        assert {ip for pid in owners if pid for ip in listening(pid)} <= loopback
        worker.stop()


@pytest.mark.broker
def test_the_metrics_are_counts_whatever_is_asked(broker: Kafka, tmp_path: Path) -> None:
    port = next(free_ports())
    with Site(broker, tmp_path) as site:
        worker = site.worker(metrics_port=port).live()
        assert listening(worker.process.pid) == {"127.0.0.1"}
        for path in ("/metrics", "/../../etc/passwd", "/%2e%2e/%00", "/member/anna", "/?name[]=memberships_partitions"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                page = answer.read().decode()
            assert "root:" not in page
            assert all(line.startswith(("#", "memberships_")) for line in page.splitlines() if line), page
        for method in ("POST", "PUT", "DELETE"):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", data=b"x", method=method)
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=10)
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
            raw.settimeout(10)
            assert b" 431 " in raw.recv(100)
        worker.stop()
