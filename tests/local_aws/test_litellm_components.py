"""The real LiteLLM in its images: the planned gateway and backend, the UI, and the database client.

The containers run with the commands and the environment of a plan. They log in to the local Aurora with IAM tokens, and
fetch the proxy_config from the local S3. A model provider on this machine answers.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

import litellm_aws.local_aws as local_aws_package
from litellm_aws.local_aws.container_program import container_program
from litellm_aws.local_aws.images import find_image
from litellm_aws.local_aws.litellm.images import litellm_images
from litellm_aws.local_aws.litellm.installation import INSTALLATIONS, VERSIONS, Installation, UnavailableError, install
from litellm_aws.local_aws.litellm.installation import _contents as installation_contents
from litellm_aws.local_aws.loopback_network import LoopbackNetwork
from litellm_aws.local_aws.model_provider import ModelProvider
from litellm_aws.local_aws.server import LocalAws
from litellm_aws.local_aws.supervisor import start_supervised
from tests.local_aws.test_database import USER, Database
from tests.plan.conftest import Evaluate

MASTER_KEY = "sk-master"
PROVIDER_KEY = "sk-provider"
START_SECONDS = 150
WAIT_SECONDS = 60
PORTS = {"gateway": 4000, "backend": 4001}
METRICS_SERVER = ("python", "-m", "litellm.proxy.prometheus_metrics_server")


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(url: str, body: Any = None, key: str = MASTER_KEY) -> Answer:
    """Sends a request, and returns the answer, whatever its status is."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} if key else {}
    request = Request(url, data=None if body is None else json.dumps(body).encode(), headers=headers)
    try:
        with urlopen(request, timeout=30) as response:
            return Answer(response.status, response.headers, response.read().decode(errors="replace"))
    except HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode())


class Place:
    """What the containers of all versions share: the database, the model provider, and the configuration in S3."""

    def __init__(self, local_aws: LocalAws, evaluate: Evaluate, stack: ExitStack) -> None:
        self.aws, self.evaluate = local_aws, evaluate
        self.network = LoopbackNetwork()
        stack.callback(self.network.close)
        self.provider = ModelProvider(PROVIDER_KEY)
        stack.callback(self.provider.close)
        self.database = Database(local_aws)
        stack.callback(
            self.database.rds.delete_db_cluster, DBClusterIdentifier=self.database.name, SkipFinalSnapshot=True
        )
        self.database.execute(f'GRANT ALL ON SCHEMA public TO "{USER}"')
        self.environment = {
            "AWS_ENDPOINT_URL": local_aws.endpoint,
            **local_aws.credentials.add(local_aws.account, self.database.role, "test"),
        }
        host, port = self.database.address
        self.stores = {
            **dict.fromkeys(("DATABASE_HOST", "DATABASE_HOST_READ_REPLICA"), host),
            **{name: str(port) for name in ("DATABASE_PORT", "DATABASE_PORT_READ_REPLICA")},
            "DATABASE_USER": USER,
        }
        self.migrate("litellm")
        self._store_configuration(stack)

    def migrate(self, database: str) -> None:
        """Creates LiteLLM's tables in a database."""
        session = self.aws.account.assume(self.database.role, "test")
        credentials = {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
        }
        stores = {**self.stores, "DATABASE_NAME": database, "AWS_REGION": "us-west-2"}
        program = Path(local_aws_package.__file__).with_name("migrations.py")
        subprocess.run([sys.executable, str(program)], env={**os.environ, **credentials, **stores}, check=True)

    def _store_configuration(self, stack: ExitStack) -> None:
        upstream = {"api_base": self.provider.url, "api_key": PROVIDER_KEY}
        configuration = {
            "model_list": [
                {"model_name": name, "litellm_params": {"model": f"openai/{name}", **upstream}}
                for name in ("gpt-4o", "text-embedding-3-small")
            ],
            "general_settings": {"proxy_batch_write_at": 1},
        }
        s3, bucket = self.aws.account.client("s3"), "bucket-mock"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        stack.callback(s3.delete_bucket, Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="config/litellm-config.yaml", Body=json.dumps(configuration).encode())
        stack.callback(s3.delete_object, Bucket=bucket, Key="config/litellm-config.yaml")

    def planned(self, component: str, version: str) -> dict[str, Any]:
        """Returns the planned container of a component, with the names of this place."""
        names = ("gateway", "backend", "migrations", "ui")
        images = {f"{name}_image": f"x/litellm-{name}:v{version}" for name in names}
        plan = self.evaluate(proxy_config={"model_list": []}, **images)
        [container] = json.loads(plan.values(f"aws_ecs_task_definition.{component}")["container_definitions"])
        environment = [
            {**each, "value": self.stores.get(each["name"], each["value"])}
            for each in container["environment"]
            if not each["name"].startswith("REDIS_")  # there is no Redis here
        ]
        return {**container, "environment": environment}


class Containers:
    """The gateway and the backend of one release of LiteLLM."""

    def __init__(self, place: Place, installation: Installation, folder: Path, stack: ExitStack) -> None:
        self.place, self.version, self._folder = place, installation.version, folder
        images = litellm_images([installation])
        self._logs = {component: folder / f"{component}.log" for component in PORTS}
        self.url = {component: f"http://{place.network.new_address()}:{port}" for component, port in PORTS.items()}
        began = time.monotonic()
        processes = {}
        for component in PORTS:
            container = place.planned(component, self.version)
            image = find_image(images, container["image"])
            assert image is not None, container["image"]
            processes[component] = stack.enter_context(self._started(component, container, image))
        for component, process in processes.items():
            self._wait(component, process)
            print(f"LiteLLM {self.version}: {component} ready after {time.monotonic() - began:.0f} s")

    @contextmanager
    def _started(self, component: str, container: Any, image: Any) -> Iterator[subprocess.Popen[bytes]]:
        home = self._folder / component
        home.mkdir()
        program = container_program(
            container,
            image,
            folder=home,
            volumes={},
            address=self.url[component].removeprefix("http://").partition(":")[0],
            task_environment=self.place.environment,
            secrets={"LITELLM_MASTER_KEY": MASTER_KEY},
        )
        with self._logs[component].open("wb") as log:
            process = start_supervised(
                program.command, environment=program.environment, directory=program.directory, output=log
            )
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(60)

    def _wait(self, component: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if ask(f"{self.url[component]}/health/readiness").status == 200:
                    return
            except OSError:
                time.sleep(0.5)
        pytest.fail(f"{component} {self.version} does not start:\n{self._logs[component].read_text()[-4000:]}")


def installed(version: str) -> Installation:
    """Returns an installation; skips, and says why, where it is not available."""
    try:
        return install(INSTALLATIONS, version, lambda step: print(step))
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def place(local_aws: LocalAws, evaluate: Evaluate) -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(local_aws, evaluate, stack)


@pytest.fixture(scope="module", params=VERSIONS)
def installation(request: pytest.FixtureRequest) -> Installation:
    return installed(request.param)


@pytest.fixture(scope="module")
def containers(
    place: Place, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Containers]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("containers")
        folder.parent.chmod(0o711)
        folder.parent.parent.chmod(0o711)
        yield Containers(place, installation, folder, stack)


def test_a_component_serves_its_own_paths_only(containers: Containers) -> None:
    gateway, backend = containers.url["gateway"], containers.url["backend"]
    statuses = {
        path: (ask(gateway + path).status, ask(backend + path).status)
        for path in ("/v1/models", "/key/list", "/user/list", "/v1/model/info", "/ui/", "/health/readiness")
    }
    assert statuses == {
        "/v1/models": (200, 404),
        "/key/list": (404, 200),
        "/user/list": (404, 200),
        "/v1/model/info": (404, 200),
        "/ui/": (404, 404),
        "/health/readiness": (200, 200),
    }


def test_both_components_are_connected_to_the_database(containers: Containers) -> None:
    for url in containers.url.values():
        assert ask(f"{url}/health/readiness").json["db"] == "connected"


def test_a_key_of_the_backend_works_on_the_gateway_and_has_costs(containers: Containers) -> None:
    gateway, backend = containers.url["gateway"], containers.url["backend"]
    alias = f"key of {containers.version}"
    created = ask(f"{backend}/key/generate", {"key_alias": alias, "models": ["gpt-4o", "text-embedding-3-small"]})
    assert created.status == 200, created.text
    key = created.json["key"]

    question = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How are you?"}]}
    answer = ask(f"{gateway}/v1/chat/completions", question, key)
    assert answer.status == 200, answer.text
    assert '"How are you?"' in answer.json["choices"][0]["message"]["content"]

    streamed = ask(f"{gateway}/v1/chat/completions", {**question, "stream": True}, key)
    events = [line.removeprefix("data: ") for line in streamed.text.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    deltas = [choice["delta"] for event in events[:-1] for choice in json.loads(event)["choices"]]
    assert "".join(delta.get("content") or "" for delta in deltas) == answer.json["choices"][0]["message"]["content"]

    embedded = ask(f"{gateway}/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]}, key)
    assert [len(each["embedding"]) for each in embedded.json["data"]] == [8, 8]

    assert ask(f"{gateway}/v1/chat/completions", question, "sk-unknown").status == 401
    becomes(True, lambda: ask(f"{backend}/key/info?key={key}").json["info"]["spend"] > 0)
    rows = f"""
        SELECT string_agg(call_type || ' ' || (spend > 0), ', ' ORDER BY call_type) FROM "LiteLLM_SpendLogs"
        WHERE api_key = '{created.json["token"]}'
    """
    calls = "acompletion true, acompletion true, aembedding true"
    becomes(calls, lambda: containers.place.database.execute(rows))


def test_the_same_name_twice_is_an_error_of_the_request(containers: Containers) -> None:
    backend = containers.url["backend"]
    user = {"user_id": f"user of {containers.version}", "user_email": f"{containers.version}@example.com"}
    assert [ask(f"{backend}/user/new", user).status for _ in range(2)] == [200, 409]
    key = {"key_alias": f"twice {containers.version}"}
    answers = [ask(f"{backend}/key/generate", key) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 400]
    assert "already exists" in answers[1].text


def test_a_model_that_the_backend_stores_is_served_by_the_gateway(containers: Containers) -> None:
    gateway, backend = containers.url["gateway"], containers.url["backend"]
    name = f"stored-{containers.version}"
    upstream = {"api_base": containers.place.provider.url, "api_key": PROVIDER_KEY}
    stored = ask(f"{backend}/model/new", {"model_name": name, "litellm_params": {"model": "openai/gpt-4o", **upstream}})
    assert stored.status == 200, stored.text
    question = {"model": name, "messages": [{"role": "user", "content": "Hello"}]}
    becomes(200, lambda: ask(f"{gateway}/v1/chat/completions", question).status)


def becomes(expected: Any, value: Callable[[], Any]) -> None:
    """Waits until a value is the expected one."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := value()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)


@pytest.fixture
def ui(installation: Installation) -> Iterator[str]:
    image = find_image(litellm_images([installation]), f"x/litellm-ui:v{installation.version}")
    assert image is not None
    network = LoopbackNetwork()
    address = network.new_address()
    path = os.pathsep.join(map(str, image.path)) + os.pathsep + os.defpath
    environment = {**image.overrides, "PATH": path, "LOCAL_AWS_TASK_ADDRESS": address}
    with subprocess.Popen(image.entry_point, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                ask(f"http://{address}:3000/healthz")
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://{address}:3000"
        process.terminate()
    network.close()


def test_the_ui_is_served_as_by_nginx(ui: str) -> None:
    page = ask(f"{ui}/ui/login")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    assert page.headers["Cache-Control"] == "no-cache"
    index = ask(f"{ui}/ui").text
    assert index == ask(f"{ui}/").text == ask(f"{ui}/ui/").text == ask(f"{ui}/ui/no/such/page").text
    assert page.text != index
    asset = re.search(r"/litellm-asset-prefix/_next/[^\"]+\.js", page.text)
    assert asset is not None
    script = ask(ui + asset[0])
    assert script.status == 200
    assert "public, immutable" in script.headers.get_all("Cache-Control", [])
    assert ask(f"{ui}/index.txt").headers["Content-Type"] == "text/plain"
    assert [ask(ui + path).status for path in ("/healthz", "/health/readiness", "/favicon.ico")] == [200, 200, 200]
    missing = ("/key/list", "/ui/no-such-payload.txt", "/login", "/_next/../../proxy_server.py", "/ui/../../x.txt")
    assert [ask(ui + path).status for path in missing] == [404] * len(missing)


def test_the_metrics_servers_of_two_tasks_have_the_same_port(installation: Installation, tmp_path: Path) -> None:
    if not (installation.package / "proxy" / "prometheus_metrics_server.py").exists():
        pytest.skip(f"LiteLLM {installation.version} has no server for metrics")
    image = find_image(litellm_images([installation]), f"x/litellm-gateway:v{installation.version}")
    assert image is not None
    with closing(LoopbackNetwork()) as network, ExitStack() as stack:
        folders = {network.new_address(): tmp_path / name for name in ("first", "second")}
        for address, folder in folders.items():
            folder.mkdir()
            server = subprocess.Popen(
                [*METRICS_SERVER, "--port", "9464"],
                env={
                    **image.overrides,
                    "PATH": os.pathsep.join([*map(str, image.path), os.defpath]),
                    "LOCAL_AWS_TASK_ADDRESS": address,
                    "PROMETHEUS_MULTIPROC_DIR": str(folder),
                },
            )
            stack.enter_context(server)
            stack.callback(server.terminate)

        def folder_at(address: str) -> str:
            try:
                return str(ask(f"http://{address}:9464/health").json["multiproc_dir"])
            except OSError:
                return ""

        for address, folder in folders.items():
            becomes(str(folder), partial(folder_at, address))


def test_the_database_client_gets_the_results_of_prismas_engine(place: Place, installation: Installation) -> None:
    database = f"queries {installation.version}"
    place.database.execute(f'CREATE DATABASE "{database}" OWNER "{USER}"')
    place.migrate(database)
    host, port = place.database.address
    login = f"{USER}:{quote(place.database.token(), safe='')}@{host}:{port}"
    ended = subprocess.run(
        [
            str(installation.programs / "python"),
            str(Path(__file__).with_name("prisma_queries.py")),
            json.dumps([LARGE, TEXT, DOCUMENT]),
        ],
        env={
            "PATH": os.defpath,
            "DATABASE_URL": f"postgresql://{login}/{quote(database)}?connection_limit=4&sslmode=prefer",
            "PRISMA_QUERY_ENGINE_BINARY": str(installation.engine),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    results = json.loads(ended.stdout.splitlines()[-1])
    assert {name: result for name, result in results.items() if result != QUERY_RESULTS[name]} == {}


TEXT = 'a "quoted" \\ line\n\N{GRINNING FACE} {}$'
LARGE = 2**62 + 1
DOCUMENT = {"text": TEXT, "number": 1.5, "list": [1, None, True], "nested": {"set": "x", "equals": [2]}}
QUERY_RESULTS = {
    "scalars": {
        "created": True,
        "values": [TEXT, 0.1, LARGE, True, ["b", TEXT], None],
        "expires": True,
        "metadata": DOCUMENT,
    },
    "json_filters": [1, 1, 0, [{"kind": "object"}]],
    "changes": {
        "again": 1,
        "updated": [3.5, {"a": 1}],
        "missing": None,
        "many": 3,
        "upserts": [["old"], {"new": True}],
        "deleted": ["u5", None],
        "ordered": ["u1"],
        "first": None,
    },
    "aggregates": {
        "count": 5,
        "groups": [
            {"user_role": "admin", "_sum": {"spend": 8.5}, "_count": {"_all": 3}},
            {"user_role": None, "_sum": {"spend": 0}, "_count": {"_all": 2}},
        ],
    },
    "relations": [{"level": 1}, [{"level": 2}], 1.0],
    "raw": {
        "rows": [
            {
                "text": TEXT,
                "large": LARGE,
                "float": 0.5,
                "document": DOCUMENT,
                "decimal": 1.25,
                "yes": True,
                "nothing": None,
                "list": ["a", "b"],
                "bytes": "AQI=",
                "moment": "2026-02-03T04:05:06+00:00",
                "name": "a name",
                "names": ["a"],
                "day": "2026-02-03",
            }
        ],
        "executed": 1,
    },
    "transactions": [0, ["kept"], "TransactionExpiredError"],
    "batches": ["UniqueViolationError", [["b1", {"batch": 1}]]],
    "failures": [
        "UniqueViolationError",
        "RecordNotFoundError",
        "ForeignKeyViolationError",
        "FieldNotFoundError",
        "MissingRequiredValueError",
        "RawQueryError",
        "none",
    ],
    "concurrent": 19900,
}


def engine_environment(place: Place, installation: Installation) -> dict[str, str]:
    """Returns the variables that prisma-client-py sets for its engine."""
    host, port = place.database.address
    login = f"{USER}:{quote(place.database.token(), safe='')}@{host}:{port}"
    return {
        "PATH": os.defpath,
        "DATABASE_URL": f"postgresql://{login}/litellm",
        "PRISMA_DML_PATH": str(installation.package.with_name("prisma") / "schema.prisma"),
    }


def test_the_engine_ends_with_the_proxy(place: Place, installation: Installation) -> None:
    """If the proxy is killed, it cannot stop its engine."""
    with subprocess.Popen(
        ["sh", "-c", f"{installation.engine} -p 0 & echo $!; sleep 3"],
        env=engine_environment(place, installation),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        engine = Path("/proc", parent.stdout.readline().strip())
        if not engine.parent.is_dir():
            pytest.skip("this system has no /proc")
        time.sleep(1)
        assert engine.exists()
        parent.kill()
    becomes(False, engine.exists)


def test_a_request_that_breaks_off_does_not_end_the_engine(place: Place, installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    environment = engine_environment(place, installation)
    with subprocess.Popen([installation.engine, "-p", str(address[1])], env=environment) as engine:

        def is_ready() -> bool:
            try:
                return ask(f"http://127.0.0.1:{address[1]}/status", key="").status == 200
            except OSError:
                return False

        becomes(True, is_ready)
        with socket.create_connection(address) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\npart")
            time.sleep(0.2)
        time.sleep(0.2)
        assert is_ready()
        engine.terminate()


def test_an_installation_is_made_once(installation: Installation) -> None:
    steps: list[str] = []
    assert install(INSTALLATIONS, installation.version, steps.append) == installation
    assert steps == []


def test_a_release_without_requirements_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"LiteLLM 1\.2\.3 cannot be installed\. Choose one of 1\.86\.0"):
        install(tmp_path, "1.2.3", print)


def test_without_npm_a_release_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="with npm"):
        install(tmp_path, VERSIONS[0], print)


def test_an_installation_without_its_engine_is_not_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / VERSIONS[0]
    (home / "venv" / "lib" / "python3").mkdir(parents=True)
    recorded = {"contents": installation_contents(home, VERSIONS[0]), "engine": str(tmp_path / "engine")}
    (home / "complete.json").write_text(json.dumps(recorded))
    (tmp_path / "engine").touch()
    assert install(tmp_path, VERSIONS[0], print).engine == tmp_path / "engine"
    (tmp_path / "engine").unlink()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UnavailableError):
        install(tmp_path, VERSIONS[0], print)


def test_a_failed_installation_is_not_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    for _ in range(2):
        with pytest.raises(UnavailableError) as caught:
            install(tmp_path, VERSIONS[0], print)
        message = str(caught.value)
        assert "-m pip install" in message
        assert "No matching distribution found" in message
        assert "Check that pip can reach its package index" in message


def test_images_of_other_releases_do_not_exist(installation: Installation) -> None:
    version = installation.version
    images = litellm_images([installation])
    for tag in (version, f"v{version}", f"v{version}-dev"):
        for name in ("litellm", "litellm-gateway", "litellm-backend", "litellm-ui", "litellm-migrations"):
            assert find_image(images, f"ghcr.io/berriai/{name}:{tag}") is not None
    assert find_image(images, f"ghcr.io/berriai/litellm-gateway:v{version}1") is None
    assert find_image(images, "ghcr.io/berriai/litellm-gateway:v1.110.2") is None
