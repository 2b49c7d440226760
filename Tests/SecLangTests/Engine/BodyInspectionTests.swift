import SecLang
import Testing

@Suite struct BodyInspectionTests {
  private func trial(_ rules: String, type: String, _ body: String) throws -> Trial {
    var trial = try Trial(rules)
    trial.method = "POST"
    trial.headers.append(("Content-Type", type))
    trial.body = body
    return trial
  }

  private let json = processor("JSON", of: "json")
  private let xml = processor("XML", of: "xml")

  private static func processor(_ name: String, of type: String) -> String {
    #"SecRule REQUEST_HEADERS:Content-Type "@contains \#(type)" "#
      + #""id:90,phase:1,pass,nolog,ctl:requestBodyProcessor=\#(name)""#
  }

  @Test func formsBecomeArguments() throws {
    let trial = try trial(
      #"SecRule ARGS_POST:q "@streq a b" "id:1,phase:2,pass""#, type: "application/x-www-form-urlencoded", "q=a+b&r=1")
    #expect(trial.matches() == [1])
  }

  @Test func jsonBecomesArguments() throws {
    let rules = json + "\n" + #"SecRule ARGS:json.a.array_1 "@rx ^two$" "id:1,phase:2,pass""#
    #expect(try trial(rules, type: "application/json", #"{"a":["one","two"]}"#).matches() == [1])
  }

  @Test func brokenBodiesAreSaidToBe() throws {
    let rules = json + "\n" + #"SecRule REQBODY_ERROR "!@eq 0" "id:1,phase:2,deny,msg:'%{REQBODY_ERROR_MSG}'""#
    let transaction = try trial(rules, type: "application/json", #"{"a":"#).run()
    #expect(transaction.intervention?.ruleID == 1)
    #expect(text(try #require(transaction.matches.first).message).contains("json"))
  }

  @Test func multipartGivesFilesAndHeaders() throws {
    let body =
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\nContent-Type: text/plain\r\n\r\n1\r\n"
      + "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nvalue\r\n--b--\r\n"
    let rules = """
      SecRule FILES "@endsWith .php" "id:1,phase:2,pass"
      SecRule FILES_NAMES "@streq f" "id:2,phase:2,pass"
      SecRule ARGS_POST:n "@streq value" "id:3,phase:2,pass"
      SecRule MULTIPART_PART_HEADERS "@contains text/plain" "id:4,phase:2,pass"
      SecRule MULTIPART_STRICT_ERROR "@eq 1" "id:5,phase:2,pass"
      SecRule FILES_SIZES "@eq 1" "id:6,phase:2,pass"
      """
    #expect(try trial(rules, type: "multipart/form-data; boundary=b", body).matches() == [1, 2, 3, 4, 6])
  }

  @Test func xmlGivesTextAndAttributes() throws {
    let rules =
      xml + """

        SecRule XML:/* "@contains inner" "id:1,phase:2,pass"
        SecRule XML://@* "@streq v" "id:2,phase:2,pass"
        SecRule XML:/a/b/text() "@streq inner" "id:3,phase:2,pass"
        """
    let found = try trial(rules, type: "text/xml", "<a k=\"v\"><b>inner</b></a>").matches()
    #expect(found == [1, 2, 3])
  }

  @Test func bodiesPastTheirLimitAreRefusedOrCut() throws {
    let reject = "SecRequestBodyLimit 10\nSecRequestBodyNoFilesLimit 10\nSecRequestBodyLimitAction Reject"
    let refused = try trial(reject, type: "application/x-www-form-urlencoded", "q=0123456789").run()
    #expect(refused.intervention?.status == 413)
    let partial = """
      SecRequestBodyLimit 10
      SecRequestBodyNoFilesLimit 10
      SecRequestBodyLimitAction ProcessPartial
      SecRule ARGS:q "@streq 01234567" "id:1,phase:2,pass"
      SecRule INBOUND_DATA_ERROR "@eq 1" "id:2,phase:2,pass"
      """
    #expect(try trial(partial, type: "application/x-www-form-urlencoded", "q=0123456789").matches() == [1, 2])
  }

  @Test func tooManyArgumentsAreAnError() throws {
    let rules = "SecArgumentsLimit 5\n" + #"SecRule REQBODY_ERROR "@eq 1" "id:1,phase:2,deny""#
    let body = (0..<10).map { "a\($0)=1" }.joined(separator: "&")
    #expect(try trial(rules, type: "application/x-www-form-urlencoded", body).matches() == [1])
  }
}
