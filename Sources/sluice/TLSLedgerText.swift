package import Control
import Foundation
import SluiceModel

/// A TLS ledger for a person: tables of the places, of who is not post-quantum yet, of failures and of certificates.
package enum TLSLedgerText {
  /// Rows of peers and of certificates that are shown; `--json` has all.
  static let rows = 20

  package static func text(_ ledger: TLSLedger) -> String {
    var parts = [headline(ledger)]
    if !ledger.places.isEmpty { parts.append(places(ledger)) }
    let ways = negotiated(ledger)
    if ways.count > 1 { parts.append("Negotiated\n" + Terminal.table(ways)) }
    let peers = ledger.places.flatMap { place in place.notPostQuantum.map { (place, $0) } }
    if !peers.isEmpty {
      let isComplete = ledger.places.allSatisfy(\.notPostQuantumIsComplete)
      parts.append("Not post-quantum yet\n" + Terminal.table(classical(peers)) + rest(peers.count, isComplete))
    }
    let failures = ledger.places.flatMap { place in
      place.failures.map { [name(place), $0.reason, "\($0.count)", time($0.lastSeen)].map(Terminal.safe) }
    }
    if !failures.isEmpty {
      parts.append("Failed\n" + Terminal.table([["PLACE", "REASON", "COUNT", "LAST SEEN"]] + failures))
    }
    if !ledger.certificates.isEmpty {
      parts.append(
        "Certificates\n" + Terminal.table(certificates(ledger.certificates)) + rest(ledger.certificates.count, true))
    }
    return parts.joined(separator: "\n\n")
  }

  private static func headline(_ ledger: TLSLedger) -> String {
    var text = "TLS of this process since \(time(ledger.since)): \(ledger.handshakes) handshakes"
    if ledger.handshakes > 0 { text += ", \(percent(ledger.postQuantumPercent)) post-quantum" }
    return text + ", \(ledger.failed) failed"
  }

  private static func places(_ ledger: TLSLedger) -> String {
    let rows = ledger.places.map { place in
      [
        name(place), "\(place.handshakes)", percent(place.postQuantumPercent), "\(place.failed)",
        place.lastSeen.map(time) ?? "-",
      ].map(Terminal.safe)
    }
    return Terminal.table([["PLACE", "HANDSHAKES", "POST-QUANTUM", "FAILED", "LAST SEEN"]] + rows)
  }

  /// The share of each version and group at each place, and how many of these sessions were resumed or retried.
  private static func negotiated(_ ledger: TLSLedger) -> [[String]] {
    var rows = [["PLACE", "VERSION", "GROUP", "SHARE", "HANDSHAKES", "RESUMED", "RETRIED"]]
    for place in ledger.places {
      let groups = Dictionary(grouping: place.negotiated) { [$0.version, $0.group ?? "-"] }
      let sums = groups.map { key, ways in
        (
          key: key, count: sum(ways) { _ in true }, resumed: sum(ways) { $0.resumed },
          retried: sum(ways) { $0.retried }
        )
      }
      for one in sums.sorted(by: { $0.count != $1.count ? $0.count > $1.count : $0.key.joined() < $1.key.joined() }) {
        let share = (Double(one.count) / Double(max(1, place.handshakes)) * 1000).rounded() / 10
        rows.append(
          ([name(place)] + one.key + [percent(share), "\(one.count)", "\(one.resumed)", "\(one.retried)"])
            .map(Terminal.safe))
      }
    }
    return rows
  }

  private static func sum(_ ways: [TLSLedger.Negotiated], where counts: (TLSLedger.Negotiated) -> Bool) -> UInt64 {
    ways.reduce(0) { counts($1) ? $0 &+ $1.count : $0 }
  }

  private static func classical(_ peers: [(TLSLedger.Place, TLSLedger.Peer)]) -> [[String]] {
    let sorted = peers.sorted { $0.1.lastSeen > $1.1.lastSeen }
    let rows = sorted.prefix(Self.rows).map { place, peer in
      [
        name(place), peer.address, peer.version, peer.group ?? "-", "\(peer.handshakes)", time(peer.lastSeen),
        peer.ja4 ?? "-",
      ].map(Terminal.safe)
    }
    return [["PLACE", "PEER", "VERSION", "GROUP", "HANDSHAKES", "LAST SEEN", "JA4"]] + rows
  }

  private static func certificates(_ all: [TLSLedger.Certificate]) -> [[String]] {
    let rows = all.prefix(Self.rows).map { one in
      let note =
        switch one.warning {
        case .expired?: "EXPIRED"
        case .expiresSoon?: "expires soon"
        case .notValidYet?: "not valid yet"
        case nil: ""
        }
      return [
        "\(one.leg.rawValue) \(one.place)", one.subject.isEmpty ? one.names.first ?? "-" : one.subject,
        one.keyAlgorithm, time(one.notAfter), "\(one.daysLeft)", note,
      ].map(Terminal.safe)
    }
    return [["PLACE", "SUBJECT", "KEY", "NOT AFTER", "DAYS LEFT", ""]] + rows
  }

  /// What a table doesn't show.
  private static func rest(_ count: Int, _ isComplete: Bool) -> String {
    if count > rows { return "\n… and \(count - rows) more\(isComplete ? "" : ", and those seen longer ago"): --json" }
    return isComplete ? "" : "\n… and others, seen longer ago"
  }

  private static func name(_ place: TLSLedger.Place) -> String {
    ([place.leg.rawValue, place.place] + (place.endpoint.map { [$0] } ?? [])).joined(separator: " ")
  }

  private static func percent(_ value: Double?) -> String { value.map { "\($0) %" } ?? "-" }

  private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
