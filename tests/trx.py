"""Says in the words of tests/run what a .trx file of `dotnet test` holds: trx.py FILE NAME."""
import sys
import xml.etree.ElementTree as xml

path, name = sys.argv[1:]
ns = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
try:
    results = xml.parse(path).getroot().findall("t:Results/t:UnitTestResult", ns)
except (OSError, xml.ParseError) as error:
    print(f"FAIL {name}: no results ({error})")
    sys.exit(1)

passed = 0
failed = 0
for result in results:
    if result.get("outcome") == "Passed":
        passed += 1
        continue
    # Not executed is not passed: a test that is skipped proves nothing.
    failed += 1
    why = result.findtext("t:Output/t:ErrorInfo/t:Message", result.get("outcome") or "", ns).strip()
    print(f"FAIL {result.get('testName')}: {' | '.join(line.strip() for line in why.splitlines()[:6]) or 'no message'}")
if passed:
    print(f"ok {name} ({passed} tests)")
if not results:
    print(f"FAIL {name}: ran no test")
sys.exit(1 if failed or not results else 0)
