import Testing
import sluice

@Suite struct RegressionFileTests {
  @Test func currentFormat() throws {
    let tests = try RegressionFile.parse(
      """
      meta: { author: somebody }
      rule_id: 942100
      tests:
        - test_id: 7
          desc: one
          stages:
            - input:
                dest_addr: 127.0.0.1
                method: POST
                port: 80
                uri: /a
                version: HTTP/1.0
                headers: { b: 2, A: x, Content-Length: 7 }
                data: "é"
                autocomplete_headers: false
                save_cookie: true
              output:
                status: 403
                response_contains: nope
                retry_once: true
                isolated: true
                expect_error: false
                log: { expect_ids: [942100], no_expect_ids: [1, 2], match_regex: a, no_match_regex: b }
            - input:
                ordered_headers: [{ name: B, value: 1 }, { name: A, value: 2 }, { name: B, value: 3 }]
                encoded_data: AAE=
                follow_redirect: true
              output: { status: 0 }
            - { input: { encoded_request: R0VU }, output: {} }
      """, file: "x/942100.yaml")
    let test = try #require(tests.first)
    #expect(test.id == "942100-7" && test.description == "one" && test.isEnabled && test.stages.count == 3)
    let (first, second) = (test.stages[0], test.stages[1])
    #expect(first.input.method == "POST" && first.input.target == "/a" && first.input.version == "HTTP/1.0")
    #expect(
      first.input.fields
        == [("A", "x"), ("Content-Length", "7"), ("b", "2")].map { RegressionField(name: $0, value: $1) })
    #expect(first.input.data == [0xc3, 0xa9] && !first.input.completes && first.input.savesCookies)
    #expect(first.output.statuses == [403] && first.output.responseContains == "nope")
    #expect(first.output.retriesOnce && first.output.isIsolated && first.output.isError == false)
    #expect(first.output.ids == [942_100] && first.output.absentIDs == [1, 2])
    #expect(first.output.logPattern == "a" && first.output.absentLogPattern == "b")
    #expect(second.input.fields.map(\.name) == ["B", "A", "B"] && second.input.data == [0, 1])
    #expect(second.input.followsRedirect && second.output.statuses.isEmpty && second.input.completes)
    #expect(test.stages[2].input.encodedRequest == Array("GET".utf8))
  }

  @Test func firstFormat() throws {
    let tests = try RegressionFile.parse(
      """
      meta: { enabled: false, name: 920100.yaml }
      tests:
        - test_title: 920100-4
          stages:
            - stage:
                input: { stop_magic: true, uri: / }
                output: { status: [200, 404], log_contains: 'id "920100"', no_log_contains: x }
        - stages: [{ stage: { input: {}, output: {} } }]
      """, file: "920100.yaml")
    #expect(tests.map(\.id) == ["920100-4", "920100-2"])
    #expect(tests.allSatisfy { !$0.isEnabled })
    #expect(tests[0].stages[0].output.statuses == [200, 404])
    #expect(tests[0].stages[0].output.logPattern == #"id "920100""#)
    #expect(!tests[0].stages[0].input.completes)
  }

  @Test(arguments: [
    (#"a{{ "+" | repeat 3 }}b{{"x"}}"#, "a+++bx"), (#"{{ "a|b" | upper }}"#, "A|B"),
    (#"{{ repeat 2 "ab" | b64enc }}"#, "YWJhYg=="), (#"{{ 7 }}"#, "7"), ("{{", "{{"), ("{{7*7}}", "{{7*7}}"),
    (#"{{ "a" | system }}"#, #"{{ "a" | system }}"#),
    (#"{{ "a" | repeat 99999999999 }}"#, #"{{ "a" | repeat 99999999999 }}"#),
    (#"{{ "a" | repeat -1 }}"#, #"{{ "a" | repeat -1 }}"#), ("{{}}", "{{}}"), ("{{ | }}", "{{ | }}"),
  ])
  func templatesInDataAreWorkedOut(_ data: String, _ expanded: String) throws {
    let text = "tests: [{ stages: [{ input: { data: '\(data)' }, output: {} }] }]"
    let test = try #require(try RegressionFile.parse(text, file: "1.yaml").first)
    #expect(test.stages[0].input.data == Array(expanded.utf8))
  }

  @Test(arguments: [
    "", "tests", "a: [", "tests: [{ stages: [] }]", "tests: [{ stages: [{ input: {} }] }]",
    "tests: [{ stages: [{ input: { encoded_request: '?' }, output: {} }] }]",
    "tests: [{ stages: [{ input: { data: a, encoded_request: R0VU }, output: {} }] }]",
    "tests: [{ stages: [{ input: {}, output: { isolated: true } }] }]",
    "tests: [{ stages: [{ input: {}, output: { log: { expect_ids: [x] } } }] }]",
    "tests: [{ stages: [{ input: { headers: { a: [] } }, output: {} }] }]",
  ])
  func whatIsNoTestIsSaid(_ text: String) {
    let failure = #expect(throws: Failure.self) { try RegressionFile.parse(text, file: "here.yaml") }
    #expect(failure?.message.hasPrefix("here.yaml") == true)
  }
}
