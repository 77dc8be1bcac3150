"""What a start on NATS makes, checks and refuses."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from nats.js.api import ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext

from adapters.clock import SystemClock
from adapters.state.nats import connection, layout
from adapters.state.nats.address import parse_address
from adapters.state.nats.connection import OutagePatience
from adapters.state.nats.layout import MARK, TICKS, WORKERS, _compare
from adapters.state.nats.opening import open_nats_state
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from tests.contract.states import a_tick
from tests.doubles.nats_operator import operator_mode
from tests.doubles.nats_server import NatsServer, running

LEASE = timedelta(seconds=30)


def opened(url: str, limit: int = 10, replicas: int = 1) -> AbstractAsyncContextManager[State]:
    """The state at this address."""
    return open_nats_state(parse_address(url), SystemClock(), limit, replicas, LEASE)


async def refusal(url: str, replicas: int = 1) -> str:
    """The one line that a start ends with."""
    with pytest.raises(StorageUnavailable) as refused:
        async with opened(url, replicas=replicas):
            pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on a start sooner than an operator would want."""
    monkeypatch.setattr(connection, "START_SECONDS", 1.0)
    monkeypatch.setattr(layout, "AT_START", OutagePatience(1, 1))


class TestLayout:
    """Streams and buckets."""

    async def test_many_start_at_once(self, server: NatsServer) -> None:
        """Doors and workers that find nothing make it together, once."""
        async with contextlib.AsyncExitStack() as stack:
            states = await asyncio.gather(*[stack.enter_async_context(opened(server.url)) for _ in range(6)])
            await states[0].inbox.put(a_tick(SystemClock().now()))
            assert {1} == {(await state.inbox.depth()).unfinished for state in states}

    async def test_what_is_there_stays(self, server: NatsServer) -> None:
        """Another start finds the ticks of the one before."""
        async with opened(server.url) as state:
            await state.inbox.put(a_tick(SystemClock().now()))
        async with opened(server.url) as state:
            assert (await state.inbox.depth()).unfinished == 1

    async def test_another_limit(self, server: NatsServer, jetstream: JetStreamContext) -> None:
        """The inbox's limit is what the last start was told, and nothing is lost by it."""
        async with opened(server.url, limit=10) as state:
            await state.inbox.put(a_tick(SystemClock().now()))
        async with opened(server.url, limit=20) as state:
            limit = (await jetstream.stream_info(TICKS)).config.max_msgs
            assert (limit, (await state.inbox.depth()).unfinished) == (2 * 20, 1)  # strangers, and the others

    async def test_what_a_newer_version_wrote(self, server: NatsServer, jetstream: JetStreamContext) -> None:
        """It is refused and left as it is; what the first version wrote, without a mark, gets one."""
        async with opened(server.url):
            config = (await jetstream.stream_info(TICKS)).config
        for version, says in (("9", "has version 9, but this program knows up to 1"), ("x", "has version x")):
            await jetstream.update_stream(config.evolve(metadata={MARK: version}))
            with pytest.raises(StateRefused, match=says):
                async with opened(server.url):
                    pass
        await jetstream.update_stream(config.evolve(metadata={}))
        async with opened(server.url):
            marked = (await jetstream.stream_info(TICKS)).config.metadata or {}
        assert marked[MARK] == "1"

    async def test_an_operators_ack_wait(self, server: NatsServer, jetstream: JetStreamContext) -> None:
        """A consumer that is there keeps its own time, and leases are as long as that."""
        async with opened(server.url):
            pass
        await jetstream.add_consumer(
            TICKS,
            ConsumerConfig(
                name=WORKERS, durable_name=WORKERS, ack_wait=7, max_ack_pending=-1, max_deliver=-1
            ),
        )
        async with opened(server.url) as state:
            now = SystemClock().now()
            await state.inbox.put(a_tick(now))
            (lease,) = await state.inbox.lease(1, 5)
            assert timedelta(seconds=7) <= lease.expires_at - now < timedelta(seconds=12)

    @pytest.mark.parametrize(
        ("difference", "says"),
        [
            ({"retention": "limits"}, "has retention limits, but workqueue is wanted"),
            ({"storage": "memory"}, "has storage memory, but file is wanted"),
            ({"discard": "old"}, "has discard old, but new is wanted"),
            ({"max_age": 60}, "has max_age 60.0, but 0 is wanted"),
        ],
    )
    async def test_a_stream_of_another_kind(
        self, server: NatsServer, jetstream: JetStreamContext, difference: dict[str, str], says: str
    ) -> None:
        """The line says what differs and what to do, and nothing is changed."""
        ours = StreamConfig(
            TICKS, None, ["spend.ticks.*"], RetentionPolicy.WORK_QUEUE, discard=DiscardPolicy.NEW
        )
        before = await jetstream.add_stream(ours.evolve(storage=StorageType.FILE).evolve(**difference))
        line = await refusal(server.url)
        assert f"the NATS stream {TICKS} {says}: change it with the nats command" in line
        assert before.config == (await jetstream.stream_info(TICKS)).config

    async def test_a_consumer_of_another_kind(self, server: NatsServer, jetstream: JetStreamContext) -> None:
        """Workers' ticks may be delivered any number of times."""
        async with opened(server.url):
            pass
        await jetstream.delete_consumer(TICKS, WORKERS)
        await jetstream.add_consumer(TICKS, ConsumerConfig(name=WORKERS, durable_name=WORKERS, max_deliver=3))
        line = await refusal(server.url)
        assert f"the NATS consumer {WORKERS} of stream {TICKS} has max_" in line

    async def test_copies_that_one_node_cannot_hold(self, server: NatsServer) -> None:
        """Three copies need three nodes."""
        line = await refusal(server.url, replicas=3)
        assert "cannot hold the state: replicas > 1 not supported in non-clustered mode" in line

    async def test_other_copies_than_there_are(self, server: NatsServer, jetstream: JetStreamContext) -> None:
        """The line names the variable that would fit what is there."""
        async with opened(server.url):
            pass
        info = await jetstream.stream_info(TICKS)
        with pytest.raises(StateRefused, match="set SPEND_MONITOR_NATS_REPLICAS=1, or change it"):
            _compare("stream", info.config, info.config.evolve(num_replicas=3), ["num_replicas"])


@pytest.mark.usefixtures("hurry")
class TestRefusals:
    """Servers that are away, closed or of no use."""

    async def test_nobody_is_there(self) -> None:
        """The line names the address."""
        assert "NATS at 127.0.0.1:1 cannot be used: " in await refusal("nats://127.0.0.1:1")

    async def test_a_wrong_password(self, tmp_path: Path) -> None:
        """The line says that it is the password, without repeating any."""
        with running(NatsServer(tmp_path, "authorization { user: ann, password: right }")) as (server,):
            line = await refusal(f"nats://ann:wrong@127.0.0.1:{server.port}")
        assert "Authorization Violation" in line
        assert "wrong" not in line

    async def test_a_server_without_jetstream(self, tmp_path: Path) -> None:
        """The line says what is missing."""
        with running(NatsServer(tmp_path, jetstream=False)) as (server,):
            assert "JetStream is off" in await refusal(server.url)

    async def test_a_missing_file(self) -> None:
        """The line names the file."""
        assert "/no/such/ca.pem" in await refusal("nats://127.0.0.1:1?ca=/no/such/ca.pem")


class TestLogIn:
    """How a server lets us in."""

    async def test_user_and_password(self, tmp_path: Path) -> None:
        """In the address, percent-encoded."""
        config = 'authorization { user: ann, password: "p@ss:w/rd" }'
        with running(NatsServer(tmp_path, config)) as (server,):
            async with opened(f"nats://ann:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}") as state:
                await state.inbox.probe()

    async def test_token(self, tmp_path: Path) -> None:
        """In place of both."""
        with running(NatsServer(tmp_path, "authorization { token: s3cr3t }")) as (server,):
            async with opened(f"nats://s3cr3t@127.0.0.1:{server.port}") as state:
                await state.inbox.probe()

    async def test_creds_file(self, tmp_path: Path) -> None:
        """A user's JWT and key, as nsc and hosted NATS hand them out."""
        pytest.importorskip("nkeys")
        config, creds = operator_mode(tmp_path)
        with running(NatsServer(tmp_path, config)) as (server,):
            async with opened(f"{server.url}?creds={creds}") as state:
                await state.inbox.probe()

    async def test_tls_both_ways(self, tmp_path: Path) -> None:
        """A server that demands TLS and a certificate gets both; an unknown one is not trusted."""
        certificate, key = self_signed(tmp_path)
        config = (
            f'tls {{ cert_file: "{certificate}", key_file: "{key}", ca_file: "{certificate}", verify: true }}'
        )
        with running(NatsServer(tmp_path, config)) as (server,):
            async with opened(f"{server.url}?ca={certificate}&cert={certificate}&key={key}") as state:
                await state.inbox.probe()

    async def test_an_unknown_certificate(self, tmp_path: Path, hurry: None) -> None:  # noqa: ARG002  # fixture
        """A server that nobody vouches for is not talked to."""
        certificate, key = self_signed(tmp_path)
        config = f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}'
        with running(NatsServer(tmp_path, config)) as (server,):
            assert "certificate verify failed" in await refusal(server.url)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "cert.pem", folder / "key.pem"
