import ACME
import SluiceModel
import Testing

/// What a configuration may say.
@Suite struct ConfigurationTests {
  func problems(_ change: (inout ACMEConfiguration) -> Void) -> [String] {
    var configuration = ACMEConfiguration()
    configuration.certificates = [ACMECertificateConfiguration(names: ["gate.plant.example"])]
    change(&configuration)
    return ACMEManager.problems(of: configuration)
  }

  @Test func takesTheDefaults() {
    #expect(problems { _ in }.isEmpty)
    #expect(problems { $0.contact = ["mailto:ot@plant.example"] }.isEmpty)
    #expect(problems { $0.directory = "https://10.0.0.1:14000/dir?x=1" }.isEmpty)
  }

  @Test(arguments: [
    "http://127.0.0.1:14000/directory", "http://127.3.2.1/", "http://localhost:1", "http://[::1]:14000/directory",
  ]) func takesPlainHTTPOnLoopback(_ directory: String) {
    #expect(problems { $0.directory = directory }.isEmpty)
  }

  @Test(arguments: [
    "http://ca.example/directory", "http://127.0.0.1.example/", "http://127.1/", "http://localhost.example",
    "http://localhost@ca.example/", "https://user@ca.example/", "https:///directory", "https://ca.example:port/",
    "https://ca.example:70000/", "ftp://ca.example", "https://ca.example/a b", "https://ca.example/\r\nx", "",
    "https://ca.example/#fragment", "https://[::1", "https://" + String(repeating: "a", count: 2_048),
  ]) func refusesOtherDirectories(_ directory: String) {
    #expect(problems { $0.directory = directory }.count == 1)
  }

  @Test(arguments: [
    ("*.plant.example", "is a wildcard, which neither http-01 nor tls-alpn-01 can prove"),
    ("Gate.plant.example", "has capital letters: write it in lower case"),
    ("10.0.0.1", "is an address, not a DNS name"),
    ("::1", "is not a DNS name"), ("", "is not a DNS name"), ("..", "is not a DNS name"), ("a/b", "is not a DNS name"),
    ("-a.example", "is not a DNS name"), ("a..example", "is not a DNS name"),
    ("gate.plant.example.", "is not a DNS name"),
    (String(repeating: "a", count: 64) + ".example", "is not a DNS name"), ("gäte.example", "is not a DNS name"),
  ]) func refusesOtherNames(_ name: String, _ problem: String) {
    let found = problems { $0.certificates = [ACMECertificateConfiguration(names: [name])] }
    #expect(found == ["`acme.certificates.names`: `\(name)` \(problem)"])
  }

  @Test func refusesTheRest() {
    #expect(problems { $0.certificates = [] } == ["`acme.certificates`: names no certificate"])
    #expect(problems { $0.certificates += $0.certificates }.first?.contains("two begin with") == true)
    #expect(problems { $0.certificates[0].names += ["gate.plant.example"] }.first?.contains("twice") == true)
    #expect(problems { $0.certificates[0].names = [] }.count == 1)
    #expect(problems { $0.contact = ["ot@plant.example", "mailto:", "mailto:a,b@c"] }.count == 3)
    #expect(problems { $0.state = "" }.count == 1)
    #expect(problems { $0.externalAccount = ACMEExternalAccount(keyID: "", key: Secret("!")) }.count == 2)
  }
}
