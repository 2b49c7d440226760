import ACME
import Crypto
import SluiceModel
import Testing

/// Replies that are broken at random end an attempt or pass; they never hang it or trap.
@Suite struct HostileReplyTests {
  /// SplitMix64.
  struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  static let seeds = (0..<8).map { _ in UInt64.random(in: 0 ... .max) }

  static func broken(_ reply: ACMEReply, _ chance: inout Chance) -> ACMEReply {
    var reply = reply
    switch Int.random(in: 0..<8, using: &chance) {
    case 0: reply.body = Array(reply.body.prefix(Int.random(in: 0...reply.body.count, using: &chance)))
    case 1, 2, 3:
      for _ in 0..<4 {
        guard let index = reply.body.indices.randomElement(using: &chance) else { break }
        reply.body[index] = UInt8.random(in: 0...255, using: &chance)
      }
    case 4: reply.status = [100, 199, 204, 302, 400, 403, 404, 429, 500, 503].randomElement(using: &chance) ?? 0
    case 5: reply.fields["retry-after"] = ["-9", "9223372036854775807", "x", ""].randomElement(using: &chance)
    case 6: reply.fields["location"] = ["", "http://a", "https://[", "x"].randomElement(using: &chance)
    default: reply.fields["replay-nonce"] = ["", "\r\n", "é", nil].randomElement(using: &chance) ?? nil
    }
    return reply
  }

  @Test(arguments: seeds) func endInTime(_ seed: UInt64) async throws {
    var chance = Chance(state: seed)
    var ended = 0
    for _ in 0..<60 {
      let clock = TestClock(lasting: .max / 4)
      let server = FakeServer(clock: clock)
      let rate = Int.random(in: 1...8, using: &chance)
      let certificate = ACMECertificateConfiguration(names: ["gate.plant.example"], challenge: .http01)
      var wanted = ACMEConfiguration()
      wanted.directory = FakeServer.directory
      var issuance = Issuance(
        session: Session(configuration: wanted, key: AccountKey(), account: nil), certificate: certificate,
        key: P256.Signing.PrivateKey(), order: nil, now: clock.now())
      var actions = 0
      do throws(ACMEError) {
        attempt: while actions < 2_000 {
          actions += 1
          switch try issuance.next(now: clock.now()) {
          case .send(let request):
            var reply = try await server.send(request)
            if Int.random(in: 0...rate, using: &chance) == 0 { reply = Self.broken(reply, &chance) }
            try issuance.received(reply, now: clock.now())
          case .present(let challenge): await server.present(challenge)
          case .retract(let challenge): await server.retract(challenge)
          case .wait(let seconds): clock.pass(seconds)
          case .keepAccount, .keepOrder, .forgetOrder: break
          case .finished(let chain):
            #expect(chain.names == certificate.names)
            break attempt
          }
        }
      } catch {
        #expect(!error.message.isEmpty && !error.message.contains("\n"), "seed \(seed)")
      }
      #expect(actions < 2_000, "seed \(seed)")
      ended += 1
    }
    #expect(ended == 60)
  }
}
