#!/usr/bin/python3
"""Runs the server as deploy/ says it is run, without what only an engine or a cluster could give: deployed.py ROOT RESULTS.

The program is published by the command of the Dockerfile and run from a directory of its own without the SDK; by the unit of systemd with its environment,
as systemd would (its command line, NOTIFY_SOCKET, SIGTERM); by the manifests of Kubernetes with the environment and probes of the pod. Prints a line for
each test: ok NAME, or FAIL NAME: why."""
import configparser, contextlib, ctypes, json, os, pathlib, re, shlex, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, urllib.error, urllib.request
import yaml

ROOT, RESULTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
LIMIT_S = 30
failed = False


@contextlib.contextmanager
def test(name):
    global failed
    try:
        yield
        print(f"ok {name}", flush=True)
    except Exception as why:  # a test's failure, whatever it is
        failed = True
        print(f"FAIL {name}: {type(why).__name__}: {str(why).strip()[:600]}".replace("\n", " "), flush=True)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
    return done.stdout


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


UNVERIFIED = ssl._create_unverified_context()  # as kubelet probes: it does not verify certificates


def get(url, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=5, context=UNVERIFIED) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def wait_for(url, status=200, limit_s=LIMIT_S):
    until = time.monotonic() + limit_s
    while True:
        try:
            if get(url)[0] == status:
                return
        except OSError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(f"{url} did not answer {status} within {limit_s} s")
        time.sleep(0.01)


class Server:
    """A program that runs, with what it wrote in a file of the results."""

    def __init__(self, name, command, env, parent_is_systemd=False):
        self.log = RESULTS / f"{name}.log"
        # The runtime believes in systemd only where its parent is called so; the process that starts it takes the name.
        self.former = b"python3"
        if parent_is_systemd:
            rename(b"systemd")
        try:
            self.process = subprocess.Popen(command, env=env, cwd="/", stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        finally:
            self.renamed = parent_is_systemd

    def stop(self, limit_s=LIMIT_S):
        """Tells it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            if self.renamed:
                rename(self.former)


def rename(name):
    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)


def publish(place):
    """By the command of the Dockerfile: what is tried is what an image would hold."""
    line = next(line for line in (ROOT / "deploy/docker/Dockerfile").read_text().splitlines() if line.startswith("RUN dotnet publish"))
    command = shlex.split(line.removeprefix("RUN ").split("&&")[0])
    command[command.index("-o") + 1] = str(place)
    run(*command, "-v", "q", "-nologo", cwd=ROOT)


def certificates(folder):
    """An authority, and a certificate of it for localhost and the nodes' name."""
    folder.mkdir(parents=True, exist_ok=True)
    names = "subjectAltName=DNS:localhost,DNS:retentionscore-nodes,IP:127.0.0.1"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test authority",
        "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-keyout", folder / "tls.key", "-out", folder / "tls.csr")
    (folder / "names").write_text(names)
    run("openssl", "x509", "-req", "-in", folder / "tls.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", folder / "names", "-out", folder / "tls.crt")
    (folder / "tls.pem").write_text((folder / "tls.crt").read_text() + (folder / "tls.key").read_text())


def keys(program, path):
    """A file of keys with one that may read metrics; that key."""
    made = subprocess.run([program, "key", "--name", "prometheus", "--role", "metrics"], capture_output=True, text=True, timeout=LIMIT_S, check=True, env={})
    path.write_text(json.dumps([json.loads(made.stdout)]))
    return made.stderr.split()[-1]


def publish_tests(program, work):
    home = work / "home"
    home.mkdir()
    grpc, ops = free_port(), free_port()
    flags = [f"--Listen:Grpc=127.0.0.1:{grpc}", f"--Listen:Ops=127.0.0.1:{ops}"]
    with test("publish_runsWithoutTheSdk"):
        from_s = time.monotonic()
        server = Server("published", [program, "serve", *flags], {"HOME": str(home)})
        try:
            wait_for(f"http://127.0.0.1:{ops}/readyz")
            ready_s = time.monotonic() - from_s
            assert run(program, "health", *flags, env={}) == "ready\n"
        finally:
            code = server.stop()
        assert code == 0, f"exit code {code}"
        assert (home / ".local/state/retentionscore/journal.db").exists(), "no journal where the documentation says"
        size = sum(file.stat().st_size for file in program.parent.rglob("*") if file.is_file())
        print(f"published: {size / 1e6:.0f} MB, ready after {ready_s:.2f} s")
        (RESULTS / "published.json").write_text(json.dumps({"mb": round(size / 1e6), "ready_s": round(ready_s, 2)}))
    with test("publish_health_failsOnceItIsGone"):
        gone = subprocess.run([program, "health", *flags], capture_output=True, text=True, timeout=LIMIT_S, env={})
        assert gone.returncode == 1 and "refused" in gone.stderr, gone
    with test("publish_readOnlyFiles_areEnough"):
        # As with a root file system that is read-only: its own files may not be written, and need not be.
        copy = work / "readonly"
        shutil.copytree(program.parent, copy)
        run("chmod", "-R", "a-w", copy)
        assert "RetentionScore" in run(copy / "retentionscore", "serve", "--check-config", env={"HOME": "/nonexistent"})
        run("chmod", "-R", "u+w", copy)


def systemd_tests(program, work):
    text = (ROOT / "deploy/systemd/retentionscore.service").read_text()
    etc, state = work / "etc", work / "state"
    state.mkdir()
    placed = text.replace("/opt/retentionscore/retentionscore", str(program))
    unit = work / "retentionscore.service"
    unit.write_text(placed)
    with test("systemd_unit_verifies"):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0 and done.stderr.strip() == "", done.stderr
    with test("systemd_unit_isHardened"):
        # Of 10; what is left is the network, which a server needs, and memory that is written and run, which the runtime needs.
        run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    with test("systemd_unit_runs"):
        certificates(etc)
        keys(program, etc / "api-keys.json")
        section = configparser.RawConfigParser(strict=False)
        section.optionxform = str
        section.read_string(text)
        service = section["Service"]
        grpc, ops = free_port(), free_port()
        env = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
        for line in (ROOT / "deploy/systemd/retentionscore.env").read_text().splitlines():
            if line and not line.startswith("#"):
                env.update([line.split("=", 1)])
        # Only places and ports differ from the real thing.
        env = {name: value.replace("/etc/retentionscore", str(etc)).replace("/var/lib/retentionscore", str(state)).replace("0.0.0.0:5080", f"0.0.0.0:{grpc}").replace("0.0.0.0:5081", f"0.0.0.0:{ops}")
               for name, value in env.items()}
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(work / "notify"))
        notify.settimeout(LIMIT_S)
        env["NOTIFY_SOCKET"] = str(work / "notify")
        command = shlex.split(service["ExecStart"].replace("/opt/retentionscore/retentionscore", str(program)))
        server = Server("systemd", command, env, parent_is_systemd=True)
        try:
            said = notify.recv(4096).decode()
            assert "READY=1" in said, said
            assert get(f"https://127.0.0.1:{ops}/readyz")[0] == 200
            assert get(f"https://127.0.0.1:{ops}/metrics")[0] == 401, "metrics without a key"
            server.process.send_signal(signal.SIGTERM)
            assert "STOPPING=1" in notify.recv(4096).decode()
            wait_for(f"https://127.0.0.1:{ops}/readyz", status=503)
        finally:
            code = server.stop(int(service["TimeoutStopSec"]))
        assert code == 0, f"exit code {code}"
        assert (state / "journal.db").exists(), "no journal in the state directory"


def kubernetes_tests(program, work):
    objects = [each for file in ("server", "scaling", "gateway") for each in yaml.safe_load_all((ROOT / f"deploy/kubernetes/{file}.yaml").read_text())]
    by_kind = {(each["kind"], each["metadata"]["name"]): each for each in objects}
    pod = by_kind["Deployment", "retentionscore"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    folder = work / "kubernetes"
    certificates(folder / "tls")
    (folder / "keys").mkdir()
    key = keys(program, folder / "keys/api-keys.json")
    grpc, ops = free_port(), free_port()
    ports = {"grpc": grpc, "ops": ops}
    env = {name: value.replace("/etc/retentionscore", str(folder)).replace(":5080", f":{grpc}").replace(":5081", f":{ops}")
           for name, value in by_kind["ConfigMap", "retentionscore"]["data"].items()}
    env["RETENTIONSCORE__NODE"] = "retentionscore-0"
    # Nobody listens there: a pod whose database is away has to score all the same.
    env["RETENTIONSCORE__JOURNAL__CONNECTIONSTRING"] = f"Host=127.0.0.1;Port={free_port()};Username=retentionscore;Password=secret;Database=retentionscore"

    with test("kubernetes_configuration_isAccepted"):
        shown = run(program, *container["args"], "--check-config", env=env)
        assert "secret" not in shown, "the password is shown"
        wanted = {entry["name"] for entry in container["env"]}
        assert wanted <= set(env), f"the test sets nothing for {wanted - set(env)}"
    with test("kubernetes_graceTime_coversTheDrain"):
        options = run(program, *container["args"], "--check-config", env=env)
        drain = sum(float(re.search(rf"{name}\W+(\d+)", options).group(1)) for name in ("LameDuck", '"Time"' if '"Time"' in options else "Time"))
        pre_stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] > pre_stop + drain + 2, f"{pod['terminationGracePeriodSeconds']} s for {pre_stop} s and {drain} s"
    with test("kubernetes_probes_areAnswered"):
        server = Server("kubernetes", [program, *container["args"]], env)

        def probe(name):
            asked = container[name]["httpGet"]
            return f"{asked['scheme'].lower()}://127.0.0.1:{ports[asked['port']]}{asked['path']}"

        try:
            wait_for(probe("startupProbe"), limit_s=container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"])
            assert get(probe("readinessProbe"))[0] == 200 and get(probe("livenessProbe"))[0] == 200
            status, metrics = get(f"https://127.0.0.1:{ops}/metrics", {"authorization": f"Bearer {key}"})
            assert status == 200
            scaled_by = [metric["pods"]["metric"]["name"] for metric in by_kind["HorizontalPodAutoscaler", "retentionscore"]["spec"]["metrics"] if metric["type"] == "Pods"]
            adapted = (ROOT / "deploy/kubernetes/prometheus-adapter.yaml").read_text()
            for name in scaled_by:
                assert re.search(rf"^{name}\b", metrics, re.MULTILINE), f"/metrics has no {name}"
                assert f"seriesQuery: {name}{{" in adapted, f"the adapter's values have no {name}"
            server.process.send_signal(signal.SIGTERM)
            wait_for(probe("readinessProbe"), status=503)
            assert get(probe("livenessProbe"))[0] == 200, "a pod that drains is taken for dead"
        finally:
            code = server.stop()
        assert code == 0, f"exit code {code}"
    with test("kubernetes_gateway_configurationIsValid"):
        config = by_kind["ConfigMap", "retentionscore-gateway"]["data"]["haproxy.cfg"]
        (folder / "haproxy.cfg").write_text(config.replace("/etc/haproxy/tls", str(folder / "tls")).replace("/etc/haproxy/ca", str(folder / "tls")))
        run("haproxy", "-c", "-f", folder / "haproxy.cfg")


def main():
    RESULTS.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="retentionscore-deploy-"))
    try:
        program = work / "app" / "retentionscore"
        with test("publish_byTheCommandOfTheDockerfile"):
            publish(program.parent)
            assert os.access(program, os.X_OK)
        if not failed:
            publish_tests(program, work)
            systemd_tests(program, work)
            kubernetes_tests(program, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


sys.exit(main())
