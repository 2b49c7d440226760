/// A test of rules, as the files of the core rule set's regression tests describe them: stages, each with a request and
/// what is expected of it.
package struct RegressionTest: Sendable {
  package struct Stage: Sendable {
    package var input: RegressionInput
    package var output: RegressionExpectation
  }

  package var rule: Int
  package var number: Int
  package var description: String
  package var stages: [Stage]
  /// Old files can switch all their tests off.
  package var isEnabled: Bool
  /// The path of its file.
  package var file: String

  package var id: String { "\(rule)-\(number)" }
}

/// The request of a stage.
package struct RegressionInput: Sendable {
  package var method = "GET"
  package var target = "/"
  package var version = "HTTP/1.1"
  /// In the order in which they are sent.
  package var fields: [RegressionField] = []
  package var data: [UInt8] = []
  /// The whole request; all the rest is of no account then.
  package var encodedRequest: [UInt8]?
  /// Whether fields that are missing are added and form data is encoded.
  package var completes = true
  package var savesCookies = false
  /// Whether it goes to where the reply before it pointed.
  package var followsRedirect = false

  package init() {}
}

package struct RegressionField: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// What a stage expects.
package struct RegressionExpectation: Sendable {
  /// Any of them; empty for any at all.
  package var statuses: [Int] = []
  package var responseContains: String?
  package var ids: [Int] = []
  package var absentIDs: [Int] = []
  package var logPattern: String?
  package var absentLogPattern: String?
  /// That there is no reply.
  package var isError: Bool?
  package var retriesOnce = false
  /// That no other rule matches.
  package var isIsolated = false

  package init() {}
}
