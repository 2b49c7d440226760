import ArgumentParser
import Control
import SluiceConfig

/// How the process ends: 0 well, 1 the input is wrong, 2 the command line is wrong, 70 our fault.
package enum ExitStatus {
  static let ok: Int32 = 0
  /// The input is wrong, a test failed, an id is unknown, no gateway answers.
  static let input: Int32 = 1
  static let usage: Int32 = 2
  static let fault: Int32 = 70

  /// What an error means for the process: the status, and the text with the stream it belongs on.
  package static func report(_ error: any Error) -> (status: Int32, text: String, isError: Bool) {
    switch error {
    case let failure as Failure: return (failure.status, "error: " + failure.description, true)
    case let error as AdminServerError: return (input, "error: " + error.description, true)
    case let errors as ConfigurationErrors:
      return (input, (errors.warnings.map(\.description) + [errors.description]).joined(separator: "\n"), true)
    case let code as ExitCode: return (code.rawValue, "", true)
    default: break
    }
    let text = Sluice.fullMessage(for: error)
    switch Sluice.exitCode(for: error) {
    case .success: return (ok, text, false)
    case .validationFailure: return (usage, text, true)
    default:
      return (fault, "error: something went wrong inside sluice: \(error)\n  hint: please report this", true)
    }
  }
}

/// An error that a subcommand ends with: what is wrong, and a hint.
package struct Failure: Error, CustomStringConvertible, Equatable {
  package var message: String
  package var hint: String?
  package var status: Int32

  package init(_ message: String, hint: String? = nil, status: Int32 = ExitStatus.input) {
    self.message = message
    self.hint = hint
    self.status = status
  }

  package var description: String { hint.map { message + "\n  hint: " + $0 } ?? message }
}
