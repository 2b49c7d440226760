import Access
import Firewall
import SluiceConfig
import SluiceModel

/// The policies of `access` filters as the configuration's reader wants them: read and compiled while it checks the file.
enum AccessPolicies {
  static func check(_ configuration: Configuration, _ library: AccessLibrary) -> RuleCheck {
    do throws(AccessIssues) {
      let loaded = try library.load(configuration, from: files)
      return RuleCheck(problems: loaded.warnings.map(problem), digest: loaded.digest)
    } catch {
      var problems = (error.errors + error.warnings).map(problem)
      if error.omitted > 0 { problems.append(RuleCheck.Problem("\(error.omitted) more in policies and entities")) }
      return RuleCheck(problems: problems)
    }
  }

  /// The files of this machine.
  static let files: AccessFiles = {
    let source = ConfigurationSource.system()
    return AccessFiles(
      read: { path, limit throws(AccessFiles.Failure) in
        do throws(ConfigurationSource.Failure) { return try source.read(path, limit) } catch {
          throw AccessFiles.Failure(error.reason)
        }
      },
      expand: { pattern throws(AccessFiles.Failure) in
        do throws(ConfigurationSource.Failure) { return try source.expand(pattern) } catch {
          throw AccessFiles.Failure(error.reason)
        }
      })
  }()

  private static func problem(_ issue: AccessIssue) -> RuleCheck.Problem {
    RuleCheck.Problem(
      issue.message, hint: issue.hint, key: issue.key, isWarning: issue.isWarning,
      place: issue.file.map { RuleCheck.Problem.Place(file: $0, line: issue.line, column: issue.column) })
  }
}

/// What is read beside the configuration's own files, and kept over reloads.
struct Libraries: Sendable {
  let firewalls = FirewallLibrary()
  let access = AccessLibrary()
}
