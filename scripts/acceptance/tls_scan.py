"""Reads scan.testssl.json, scan.sslscan.xml and scan.sslyze.json; prints a summary and ends with 1 when one of them
reports a weakness: tls_scan.py"""

import json
import sys
import xml.etree.ElementTree as ElementTree

# What belongs to the test's own certificate and its names, not to the gate.
NOT_THE_GATE = {
  "cert_chain_of_trust": "the test's own authority",
  "cert_revocation": "the test's certificate names no revocation service",
  "cert_ocspURL": "the test's certificate names no revocation service",
  "cert_crlDistributionPoints": "the test's certificate names no revocation service",
  "cert_certificatePolicies_EV": "the test's own authority",
  "DNS_CAArecord": "there is no DNS of the test's name",
  "security_headers": "the application's own reply",
  "grade_cap_reason_1": "the test's own authority",
}
GRAVE = ("MEDIUM", "HIGH", "CRITICAL")
wrong = 0


def weakness(tool, text):
  global wrong
  wrong += 1
  print(f"  {tool}: WEAKNESS {text}")


def testssl():
  with open("scan.testssl.json", encoding="utf-8") as file:
    findings = json.load(file)
  counts, excused = {}, []
  for each in findings:
    severity = each["severity"]
    counts[severity] = counts.get(severity, 0) + 1
    text = f"{each['id']}: {each['finding']} ({severity})"
    if each["id"].startswith(("overall_grade", "final_score")):
      print(f"  testssl: {text}")
    elif severity in GRAVE and each["id"].split(" ")[0] in NOT_THE_GATE:
      excused.append(f"{text}: {NOT_THE_GATE[each['id'].split(' ')[0]]}")
    elif severity in GRAVE or severity == "FATAL":
      weakness("testssl", text)
    elif severity in ("LOW", "WARN"):
      print(f"  testssl: {text}")
  print("  testssl: " + ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items())))
  for text in excused:
    print(f"  testssl: left out, {text}")
  if len(findings) < 50:
    weakness("testssl", f"the scan did not end: {len(findings)} findings")


def sslscan():
  test = ElementTree.parse("scan.sslscan.xml").getroot().find("ssltest")
  if test is None:
    return weakness("sslscan", "there is no result")
  for protocol in test.iter("protocol"):
    name = f"{protocol.get('type').upper()}v{protocol.get('version')}"
    modern = name in ("TLSv1.2", "TLSv1.3")
    if (protocol.get("enabled") == "1") != modern:
      weakness("sslscan", f"{name} is {'off' if modern else 'on'}")
  ciphers = list(test.iter("cipher"))
  for cipher in ciphers:
    if cipher.get("strength") not in ("strong", "acceptable"):
      weakness("sslscan", f"{cipher.get('sslversion')} {cipher.get('cipher')} is {cipher.get('strength')}")
  groups = [group.get("name") for group in test.iter("group")]
  for heartbleed in test.iter("heartbleed"):
    if heartbleed.get("vulnerable") == "1":
      weakness("sslscan", f"heartbleed with {heartbleed.get('sslversion')}")
  if any(each.get("supported") == "1" for each in test.iter("compression")):
    weakness("sslscan", "compression")
  if any(each.get("supported") == "1" and each.get("secure") != "1" for each in test.iter("renegotiation")):
    weakness("sslscan", "insecure renegotiation")
  print("  sslscan: " + ", ".join(f"{each.get('sslversion')} {each.get('cipher')}" for each in ciphers))
  print(f"  sslscan: groups {', '.join(groups)}")
  if not ciphers:
    weakness("sslscan", "no cipher was found")


def sslyze():
  with open("scan.sslyze.json", encoding="utf-8") as file:
    servers = json.load(file)["server_scan_results"]
  if len(servers) != 1 or servers[0]["scan_status"] != "COMPLETED":
    return weakness("sslyze", "the scan did not end")
  scan = servers[0]["scan_result"]
  for name, attempt in scan.items():
    if attempt["status"] == "ERROR" or attempt["result"] is None and attempt["status"] == "COMPLETED":
      weakness("sslyze", f"{name} could not be tried: {attempt.get('error_reason')}")

  def result(name):
    return scan[name]["result"] or {}

  accepted = []
  for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"):
    found = result(f"{version}_cipher_suites").get("accepted_cipher_suites", [])
    suites = [each["cipher_suite"]["name"] for each in found]
    accepted += suites
    if bool(suites) != (version in ("tls_1_2", "tls_1_3")):
      weakness("sslyze", f"{version} is {'on' if suites else 'off'}")
  for name, key, bad in (
      ("heartbleed", "is_vulnerable_to_heartbleed", True), ("tls_compression", "supports_compression", True),
      ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection", True),
      ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", True),
      ("session_renegotiation", "supports_secure_renegotiation", False),
      ("tls_1_3_early_data", "supports_early_data", True),
      ("tls_extended_master_secret", "supports_ems_extension", False)):
    if key in result(name) and result(name)[key] == bad:
      weakness("sslyze", f"{name}: {key} is {str(bad).lower()}")
  robot = str(result("robot").get("robot_result", "none"))
  if robot.startswith("VULNERABLE"):
    weakness("sslyze", f"robot: {robot}")
  curves = [each["name"] for each in result("elliptic_curves").get("supported_curves") or []]
  print(f"  sslyze: {', '.join(accepted)}")
  print(f"  sslyze: groups {', '.join(curves)}; ROBOT: {robot}")


testssl()
sslscan()
sslyze()
sys.exit(1 if wrong else 0)
