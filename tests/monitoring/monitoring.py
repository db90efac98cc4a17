#!/usr/bin/python3
"""What deploy/prometheus and deploy/grafana ask for, asked of a real Prometheus that scrapes a real server under load: monitoring.py ROOT RESULTS.

Every expression of a dashboard, a rule or an alert must be answered with something that is a number; of an alert, what stands before its threshold. What
looks back over days gets a past: the server's own first page, told to Prometheus as a week of samples. Prints ok NAME, or FAIL NAME: why."""
import contextlib, json, pathlib, re, shutil, signal, socket, ssl, subprocess, sys, time, urllib.parse, urllib.request
import yaml

ROOT, RESULTS = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
LOAD_S, HISTORY_DAYS = 22, 8
RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
failed = False
started = []


@contextlib.contextmanager
def test(name):
    global failed
    try:
        yield
        print(f"ok {name}", flush=True)
    except Exception as why:  # a test's failure, whatever it is
        failed = True
        print(f"FAIL {name}: {type(why).__name__}: {str(why).strip()[:900]}".replace("\n", " "), flush=True)


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]}: exit code {done.returncode}: {(done.stderr + done.stdout)[-600:]}")
    return done.stdout


def start(name, *command, **options):
    log = (RESULTS / f"{name}.log").open("w")
    process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT, **options)
    started.append(process)
    return process


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(url, context=None):
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return answer.read().decode()


def wait_for(url, context=None, limit_s=30):
    until = time.monotonic() + limit_s
    while True:
        try:
            return get(url, context)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def rules():
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def panels():
    return [(path.stem, panel) for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]


def expressions():
    """All of them as (where, expression)."""
    found = []
    for dashboard, panel in panels():
        found += [(f"{dashboard}: {panel['title']}", target["expr"]) for target in panel["targets"]]
    for rule in rules():
        if "record" in rule:
            found.append((rule["record"], rule["expr"]))
        else:
            found += [(rule["alert"], part) for part in without_thresholds(rule["expr"])]
    return found


def without_thresholds(expr):
    """What the conditions of an alert compare."""
    expr = re.sub(r"^absent\((.*)\)$", r"\1", expr.strip())
    for condition in re.split(r"\s+(?:and|or)\s+", expr):
        left = re.sub(r"\s*(==|>|<)\s*[\d.* ]+\s*\)*\s*$", "", condition.strip())
        while left.count("(") > left.count(")"):
            left = left.replace("(", "", 1).strip()
        yield left


def as_grafana(expr):
    return expr.replace("$__rate_interval", "1m").replace("$instance", ".*")


def certificates(folder):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem")


def write_history(page, target, now, path):
    """A page as samples of the days before: counters rise to what they are, gauges stand."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
    steps = HISTORY_DAYS * 2
    with path.open("w") as out:
        for line in page.splitlines():
            if line.startswith("#"):
                continue
            series, value = line.rsplit(" ", 1)
            name = series.split("{")[0]
            rises = kinds.get(name) == "counter" or kinds.get(re.sub(r"_(bucket|sum|count)$", "", name)) == "histogram"
            labels = f'instance="{target}",job="retentionscore"'
            series = series.replace("{", "{" + labels + ",") if "{" in series else f"{series}{{{labels}}}"
            for step in range(steps):
                at = now - 12 * 3600 * (steps - step)
                out.write(f"{series} {float(value) * (step + 1) / (steps + 1) if rises else float(value)} {at}\n")
        out.write("# EOF\n")


def ask(prometheus, expr):
    answer = json.loads(get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"))
    assert answer["status"] == "success", answer
    result = answer["data"]["result"]
    return [sample["value"][1] for sample in result] if answer["data"]["resultType"] == "vector" else [result[1]]


def questions_tests(prometheus):
    seen = expressions()
    with test(f"monitoring_everyExpression_isAnsweredByPrometheus ({len(seen)} tests)"):
        wrong = []
        for where, expr in seen:
            try:
                values = ask(prometheus, as_grafana(expr))
                if not [value for value in values if value != "NaN"]:
                    wrong.append(f"{where}: {'only NaN' if values else 'nothing'} for {expr}")
            except Exception as why:
                wrong.append(f"{where}: {why} for {expr}")
        (RESULTS / "unanswered.txt").write_text("\n".join(wrong))
        assert not wrong, f"{len(wrong)} of {len(seen)}, see TestResults/monitoring/unanswered.txt: {wrong[:3]}"
    with test("monitoring_rules_areEvaluatedWithoutError"):
        groups = json.loads(get(f"{prometheus}/api/v1/rules"))["data"]["groups"]
        sick = [f"{rule['name']}: {rule.get('lastError')}" for group in groups for rule in group["rules"] if rule["health"] != "ok"]
        assert not sick and groups, sick
    with test("monitoring_healthyServer_pagesNobodyForTheServer"):
        # That requests to leave are refused is what these calls are made of.
        firing = {alert["labels"]["alertname"] for alert in json.loads(get(f"{prometheus}/api/v1/alerts"))["data"]["alerts"]
                  if alert["state"] == "firing" and alert["labels"]["severity"] == "page"}
        assert firing <= {"RetentionScoreRequestsNotAcknowledged", "RetentionScoreAnswersSlow"}, firing


def live_tests():
    work = RESULTS / "live"
    shutil.rmtree(work, ignore_errors=True)
    (work / "protos").mkdir(parents=True)
    certificates(work)
    run("protoc", f"-I{ROOT / 'protos'}", "-I/usr/include", f"--python_out={work / 'protos'}", *sorted((ROOT / "protos/retentionscore/v1").glob("*.proto")))
    grpc, ops, web = free_port(), free_port(), free_port()
    start("server", "dotnet", ROOT / "src/RetentionScore.Server/bin/Release/net10.0/RetentionScore.Server.dll",
          f"--Listen:Grpc=127.0.0.1:{grpc}", f"--Listen:Ops=127.0.0.1:{ops}", f"--Tls:CertificatePath={work / 'cert.pem'}", f"--Tls:KeyPath={work / 'key.pem'}",
          "--Journal:Store=sqlite", f"--Journal:Path={work / 'journal.db'}")
    trust = ssl.create_default_context(cafile=work / "cert.pem")
    wait_for(f"https://localhost:{ops}/readyz", trust)
    talk = ["/usr/bin/python3", ROOT / "tests/monitoring/talker.py", grpc, work / "cert.pem", work / "protos"]
    run(*talk, 1)
    target = f"localhost:{ops}"
    write_history(get(f"https://localhost:{ops}/metrics", trust), target, int(time.time()), work / "history.om")
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", work / "history.om", work / "data")

    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    job = config["scrape_configs"][0]
    job["static_configs"] = [{"targets": [target]}]
    job |= {"scheme": "https", "tls_config": {"ca_file": str(work / "cert.pem")}}
    (work / "prometheus.yml").write_text(yaml.safe_dump(config))
    (work / "rules").mkdir()
    for path in RULES:  # what is evaluated every ten minutes would not be in time for this test
        (work / "rules" / path.name).write_text(path.read_text().replace("interval: 10m", "interval: 1s"))
    run("promtool", "check", "config", work / "prometheus.yml")
    start("prometheus", "prometheus", f"--config.file={work / 'prometheus.yml'}", f"--storage.tsdb.path={work / 'data'}", "--storage.tsdb.retention.time=30d",
          f"--web.listen-address=127.0.0.1:{web}")
    prometheus = f"http://127.0.0.1:{web}"
    wait_for(f"{prometheus}/-/ready")
    talker = start("talker", *talk, LOAD_S)
    time.sleep(LOAD_S - 4)  # asked while calls go on
    questions_tests(prometheus)
    with test("monitoring_load_wasAnswered"):
        assert talker.wait(timeout=30) == 0, (RESULTS / "talker.log").read_text()[-400:]


def otlp_tests():
    """The same metrics, and traces of every call, to an OTLP receiver, over HTTP and over gRPC."""
    work = RESULTS / "live"
    http, rpc = free_port(), free_port()
    told = RESULTS / "otlp.jsonl"
    told.unlink(missing_ok=True)
    start("collector", "node", ROOT / "tests/monitoring/collector.mjs", http, rpc, told)
    trust = ssl.create_default_context(cafile=work / "cert.pem")
    servers = []
    for name, telemetry in (("http", [f"--Telemetry:Endpoint=http://127.0.0.1:{http}", "--Telemetry:Protocol=http", "--Telemetry:Headers=x-key=open"]),
                            ("grpc", [f"--Telemetry:Endpoint=http://127.0.0.1:{rpc}"])):
        grpc, ops = free_port(), free_port()
        servers.append(start(f"server-{name}", "dotnet", ROOT / "src/RetentionScore.Server/bin/Release/net10.0/RetentionScore.Server.dll", f"--Node={name}",
              f"--Listen:Grpc=127.0.0.1:{grpc}", f"--Listen:Ops=127.0.0.1:{ops}", f"--Tls:CertificatePath={work / 'cert.pem'}", f"--Tls:KeyPath={work / 'key.pem'}",
              "--Journal:Store=sqlite", f"--Journal:Path={work / name}.db", "--Drain:LameDuck=0", "--Drain:Time=0", "--Telemetry:Interval=1s",
              "--Telemetry:TraceCallsPerMillion=1000000", "--Telemetry:SlowUtterance=0", *telemetry))
        wait_for(f"https://localhost:{ops}/readyz", trust)
        run("/usr/bin/python3", ROOT / "tests/monitoring/talker.py", grpc, work / "cert.pem", work / "protos", 1)
        time.sleep(1.5)
        servers[-1].send_signal(signal.SIGTERM)
    for server in servers:
        server.wait(timeout=20)
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    catalogue = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/metrics.md").read_text(), re.M))
    for by in ("http open", "grpc"):
        own = [line for line in lines if line["by"] == by]
        with test(f"otlp_{by[:4]}_metricsAreThoseOfTheCatalogue"):
            metrics = {line["metric"]: line for line in own if "metric" in line}
            ours = {name for name in metrics if name.startswith("retentionscore_")}
            wanted = {name for name in catalogue if name.startswith("retentionscore_")}
            assert ours == wanted, ours ^ wanted
            answers = metrics["retentionscore_answer_seconds"]
            assert answers["kind"] == "histogram" and answers["points"][0]["bounds"][0] == 0.000025 and answers["points"][0]["count"] > 10, answers
            assert metrics["retentionscore_utterances_total"]["monotonic"] is True
            assert answers["resource"]["service.name"] == "retentionscore" and answers["resource"]["service.instance.id"] == by[:4]
            assert "kestrel.active_connections" in metrics and "dotnet.thread_pool.thread.count" in metrics, sorted(set(metrics) - ours)
        with test(f"otlp_{by[:4]}_spansOfACallShareATrace"):
            spans = [line for line in own if "span" in line]
            assert {span["span"] for span in spans} == {"open", "journal claim", "utterance", "journal commit"}, {span["span"] for span in spans}
            opened = next(span for span in spans if span["span"] == "open")
            of = [span["span"] for span in spans if span["trace"] == opened["trace"]]
            assert of.count("open") == 1 and of.count("journal claim") == 1 and of.count("utterance") >= 7, of
            claim = next(span for span in spans if span["trace"] == opened["trace"] and span["span"] == "journal claim")
            assert claim["parent"] == opened["id"], (claim, opened)
            assert {span["parent"] for span in spans if span["trace"] == opened["trace"] and span["span"] == "utterance"} == {opened["parent"]}, opened
    with test("otlp_nothingThatWasSaid_isSent"):
        assert len(lines) > 100
        for word in ("cancel my", "internet", "half price", "ridiculous", "confirmation number"):
            assert word not in told.read_text(), word


def file_tests():
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    cases = [case["name"] for path in (ROOT / "tests/monitoring").glob("*.test.yml") for case in yaml.safe_load(path.read_text())["tests"]]
    page = (ROOT / "docs/operating.md").read_text()
    sections = re.findall(r"^### (RetentionScore\w+)$", page, re.M)
    known = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/metrics.md").read_text(), re.M)) | {"up"}
    with test("monitoring_everyAlert_isTestedToFireAndNotTo"):
        for alert in alerts:
            assert any(case.startswith(f"{alert} fires") for case in cases), f"{alert} is never made to fire"
            assert any(case.startswith(f"{alert} does not fire") for case in cases), f"{alert} is never kept from firing"
    with test("monitoring_everyAlert_hasItsSectionOfOperating"):
        assert sorted(sections) == sorted(alerts), set(sections) ^ set(alerts)
        for rule in (rule for rule in rules() if "alert" in rule):
            assert rule["annotations"]["runbook_url"] == f"docs/operating.md#{rule['alert'].lower()}", rule["alert"]
            assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
    with test("monitoring_everyMetricAskedFor_isInTheCatalogue"):
        for where, expr in expressions():
            for name in re.findall(r"\b((?:retentionscore|dotnet|kestrel)_\w+)", expr):
                assert name in known or re.sub(r"_(bucket|sum|count)$", "", name) in known, f"{where}: {name}"
    with test("monitoring_dashboards_areWellFormed"):
        uids = [json.loads(path.read_text())["uid"] for path in DASHBOARDS]
        assert len(set(uids)) == len(uids) == 3, uids
        for path in DASHBOARDS:
            board = json.loads(path.read_text())
            places = set()
            for panel in board["panels"]:
                grid = panel["gridPos"]
                cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
                assert not cells & places and grid["x"] + grid["w"] <= 24, f"{path.stem}: {panel['title']} lies over another"
                places |= cells
                refs = [target["refId"] for target in panel["targets"]]
                assert len(set(refs)) == len(refs) and refs, f"{path.stem}: {panel['title']}"
            assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]), path.stem


def main():
    RESULTS.mkdir(parents=True, exist_ok=True)
    # The unit tests of the rules take a while and need nothing: they run beside the rest.
    unit = start("unit", "promtool", "test", "rules", *sorted((ROOT / "tests/monitoring").glob("*.test.yml")))
    with test("monitoring_rulesAndConfiguration_areValid"):
        run("promtool", "check", "rules", *RULES)
        run("promtool", "check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    file_tests()
    with test("monitoring_serverPrometheusAndLoad_run"):
        live_tests()
    with test("monitoring_otlpReceiver_runs"):
        otlp_tests()
    with test("monitoring_alerts_fireAndDoNotFire"):
        assert unit.wait(timeout=120) == 0, (RESULTS / "unit.log").read_text()[-600:]


try:
    main()
finally:
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        if process.poll() is None:
            process.kill()
sys.exit(failed)
