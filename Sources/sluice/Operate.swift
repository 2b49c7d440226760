import ArgumentParser
package import Control
import Foundation
import SluiceConfig
import SluiceModel
import Telemetry

/// `sluice status`: the gateway at a glance.
package struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The running gateway at a glance: state, revision, latest reload, listeners.",
    discussion: """
      Example:
        sluice status --json | jq .revision
      """)

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let reply = try await gateway.client().request(.get, "/v1/status")
    Terminal.print(output.json ? reply.text : Self.text(try reply.decode(StatusReport.self)))
  }

  package static func text(_ report: StatusReport) -> String {
    let status = report.gateway
    var lines = [
      "\(status.state.rawValue), version \(Terminal.safe(status.version)), since \(status.startedAt.ISO8601Format())",
      "revision \(status.revision), \(Terminal.safe(status.configurationHash)), "
        + "loaded \(status.loadedAt.ISO8601Format())",
    ]
    if let reload = status.lastReload, !reload.ok {
      lines.append("the latest reload failed, \(reload.at.ISO8601Format()):")
      lines += reload.issues.map { "  \($0)" }
    }
    if report.telemetry.degraded {
      lines.append("logs are degraded: " + Terminal.safe(report.telemetry.lastError ?? "records were lost"))
    }
    if report.telemetry.decisionsLost > 0 { lines.append("decision records lost: \(report.telemetry.decisionsLost)") }
    let rows = status.listeners.map { listener in
      [listener.name, listener.address, listener.protocol.rawValue, String(listener.connections)].map(Terminal.safe)
    }
    if let acme = status.acme { lines += ["", certificates(acme)] }
    if !rows.isEmpty { lines += ["", Terminal.table([["LISTENER", "ADDRESS", "PROTOCOL", "CONNECTIONS"]] + rows)] }
    return lines.joined(separator: "\n")
  }
}

extension Status {
  private static func certificates(_ acme: ACMEStatus) -> String {
    func time(_ seconds: Int64?) -> String {
      seconds.map { Date(timeIntervalSince1970: TimeInterval($0)).ISO8601Format() } ?? ""
    }
    let rows = acme.certificates.map { certificate in
      [
        certificate.name, certificate.state.rawValue, time(certificate.notAfter), time(certificate.nextAttempt),
        certificate.lastError ?? "",
      ].map(Terminal.safe)
    }
    return Terminal.table([["CERTIFICATE", "STATE", "NOT AFTER", "NEXT ATTEMPT", "LATEST ERROR"]] + rows)
  }
}

/// `sluice reload`: read the configuration files again.
struct Reload: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the running gateway read its configuration files again.",
    discussion: """
      All or nothing: when a file is wrong, the issues are printed, and the gateway goes on with what it has. See first \
      what would change: sluice diff -c sluice.yaml
      """)

  @Option(
    name: .customLong("if-match"),
    help: ArgumentHelp(
      "Only if this configuration is in force (its hash, as `sluice status` shows).", valueName: "hash"))
  var hash: String?

  @OptionGroup var output: JSONOption
  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let headers = hash.map { [("If-Match", "\"\($0.filter { $0.isHexDigit })\"")] } ?? []
    let reply = try await gateway.client().request(.post, "/v1/reload", headers: headers)
    if output.json {
      Terminal.print(reply.text)
      return
    }
    let outcome = try reply.decode(ReloadOutcome.self)
    for issue in outcome.issues { Terminal.complain("\(issue)") }
    let what =
      outcome.changed ? "revision \(outcome.revision) is in force" : "nothing changed, revision \(outcome.revision)"
    Terminal.print("ok: \(what), \(Terminal.safe(outcome.configurationHash))")
  }
}

/// `sluice drain`: let the gateway end in peace.
struct Drain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the running gateway stop accepting, finish what is in flight, and end.",
    discussion: "It takes at most `runtime.drainTimeout`. SIGTERM does the same.")

  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    _ = try await gateway.client().request(.post, "/v1/drain")
    Terminal.print("draining")
  }
}

/// `sluice log-level`: show or change the level of the gateway's own log.
struct LogLevelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log-level",
    abstract: "Show the level of the gateway's own log, or change it until the next start or reload.",
    discussion: """
      Examples:
        sluice log-level
        sluice log-level debug
      """)

  @Argument(help: "The new level.")
  var level: LogLevel?

  @OptionGroup var gateway: AdminOptions

  func run() async throws {
    let client = try gateway.client()
    let reply: AdminClient.Reply
    if let level {
      reply = try await client.request(
        .put, "/v1/log-level", headers: [("Content-Type", "application/json")],
        body: Array("{\"level\":\"\(level.rawValue)\"}".utf8))
    } else {
      reply = try await client.request(.get, "/v1/log-level")
    }
    Terminal.print(try reply.decode([String: LogLevel].self)["level"]?.rawValue ?? "unknown")
  }
}
