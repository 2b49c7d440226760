import ArgumentParser
import Glibc

/// `sluice`: one gate between IT and OT.
@main
package struct Sluice: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "sluice",
    abstract: "One gate between IT and OT: an HTTP proxy and an industrial guard with one decision path.",
    discussion: """
      Try it:
        sluice demo                        a tour with a web app, an API and a simulated PLC
        sluice check -c sluice.yaml        is the configuration right?
        sluice run -c sluice.yaml          run the gateway
        sluice tap --verdict block         watch what it blocks
        sluice explain ID                  why? (the id is in `X-Request-Id`)

      Exit status: 0 well; 1 the input is wrong, a test failed or an id is unknown; 2 the command line is wrong; \
      70 our fault.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Run", subcommands: [Run.self, Demo.self]),
      CommandGroup(name: "Configuration", subcommands: [Check.self, Diff.self, Schema.self, Reload.self]),
      CommandGroup(
        name: "See", subcommands: [Status.self, Tap.self, Explain.self, Endpoints.self, Flows.self, TLS.self]),
      CommandGroup(name: "Firewall", subcommands: [FirewallCommand.self]),
      CommandGroup(name: "Access", subcommands: [PolicyCommand.self]),
      CommandGroup(name: "Certificates", subcommands: [PKICommand.self]),
      CommandGroup(name: "About", subcommands: [Modules.self]),
      CommandGroup(name: "Operate", subcommands: [Drain.self, LogLevelCommand.self]),
    ])

  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    Glibc.exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Parses and runs a command line.
  ///
  /// - Returns: the exit status; what there is to say has been printed.
  package static func run(_ arguments: [String]) async -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return ExitStatus.ok
    } catch {
      let (status, text, isError) = ExitStatus.report(error)
      if !text.isEmpty { Terminal.write(text.trimmed + "\n", to: isError ? STDERR_FILENO : STDOUT_FILENO) }
      return status
    }
  }
}

extension String {
  /// Without line feeds at the end.
  fileprivate var trimmed: Substring { self[..<(lastIndex { $0 != "\n" }.map(index(after:)) ?? startIndex)] }
}
