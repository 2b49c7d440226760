import SluiceModel
import Testing

import Telemetry

struct RedactorTests {
  @Test(arguments: [
    ("password=hunter2&user=ann", "password=<redacted>&user=ann"),
    ("user=ann; api-key: 'abc def'", "user=ann; api-key: '<redacted> def'"),
    ("{\"client_secret\":\"s3cr3t\",\"x\":1}", "{\"client_secret\":\"<redacted>\",\"x\":1}"),
    ("Authorization: Basic dXNlcjpwdw==\nHost: a", "Authorization: <redacted>\nHost: a"),
    ("cookie: a=1; session=2", "cookie: <redacted>"),
    ("sent bearer abcdefgh12345 to it", "sent bearer <redacted> to it"),
    ("it has eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln inside", "it has <redacted> inside"),
    ("token%3Dabcdef", "token%3D<redacted>"),
    ("https://ann:pw@db.example/x", "https://<redacted>@db.example/x"),
    ("X-Api-Key=k1, next", "X-Api-Key=<redacted>, next"),
  ])
  func secretsAreTakenOut(text: String, expected: String) {
    #expect(Redactor.redact(text) == expected)
  }

  @Test(arguments: [
    "", "8501", "1' OR '1'='1", "holding-register 100-119: 1 2 3", "../../etc/passwd", "basic auth",
    "bearer authentication failed",
    "https://host/x@y", "<script>alert(1)</script>", "10.0.0.1:502 = on",
  ])
  func ordinaryTextStays(text: String) {
    #expect(Redactor.redact(text) == text)
  }

  @Test func namesAndValues() {
    #expect(Redactor.isSecretName("Proxy-Authorization") && Redactor.isSecretName("X_API_KEY"))
    #expect(!Redactor.isSecretName("Content-Type") && !Redactor.isSecretName("Host"))
    #expect(Redactor.value("abc", of: "Set-Cookie") == Redactor.mark)
    #expect(Redactor.value("text/plain", of: "Content-Type") == "text/plain")
  }

  @Test func hostileTextOfAnyKindIsSafe() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let alphabet = [
      "password", "=", ":", "\"", " ", "bearer", "eyJ", ".", "%3d", "%", "://", "@", "é", "x", "\n", "cookie",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }
      let result = Redactor.redact(text.joined())
      #expect(Redactor.redact(result).utf8.count <= result.utf8.count + 64, "seed \(seed)")
    }
  }

  @Test func linesCarryNoSecretOfAFinding() throws {
    let scratch = Scratch()
    let hub = try TelemetryHub(scratch.configuration(access: false), version: "1")
    defer { hub.shutdown() }
    let recorder = hub.makeRecorder(industrial: false)
    recorder.exchangeEnded(exchange(makeID(1)), blocked("q=1&password=hunter2"))
    #expect(try event(recorder.lastLine).trace?.first?.matched == "q=1&password=<redacted>")
  }
}
