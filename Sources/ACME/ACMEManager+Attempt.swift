import Logging
import SluiceModel

/// One attempt: carries out what the state machine says.
extension ACMEManager {
  func attempt(_ index: Int, _ transport: any ACMETransport) async {
    let name = entries[index].name
    logger.info("ordering a certificate", metadata: ["certificate": "\(name)"])
    entries[index].isUnderWay = true
    do {
      guard let files = try await issue(entries[index].certificate, name, transport) else {
        entries[index].isUnderWay = false
        return
      }
      entries[index].files = files
      entries[index].failures = 0
      entries[index].lastError = nil
      entries[index].nextAttempt = max(
        RenewalSchedule.renewal(notBefore: files.notBefore, notAfter: files.notAfter, chance: random()),
        clock.now().addingReportingOverflow(RenewalSchedule.firstBackoffSeconds).partialValue)
      entries[index].isUnderWay = false
      logger.notice("a certificate is in force", metadata: ["certificate": "\(name)", "notAfter": "\(files.notAfter)"])
      await onCertificate(files)
    } catch {
      failed(index, error)
    }
  }

  private func failed(_ index: Int, _ error: ACMEError) {
    entries[index].isUnderWay = false
    entries[index].failures = min(entries[index].failures + 1, 1_000_000)
    entries[index].lastError = error.message
    let wait = RenewalSchedule.backoff(
      failures: entries[index].failures, retryAfterSeconds: error.retryAfterSeconds, chance: random())
    entries[index].nextAttempt = clock.now().addingReportingOverflow(wait).partialValue
    logger.warning(
      "no certificate: \(error.message)",
      metadata: ["certificate": "\(entries[index].name)", "kind": "\(error.kind.rawValue)", "retrySeconds": "\(wait)"])
  }

  /// Nil when the task was cancelled meanwhile: the order is kept and no failure counted.
  private func issue(
    _ certificate: ACMECertificateConfiguration, _ name: String, _ transport: any ACMETransport
  ) async throws(ACMEError) -> CertificateFiles? {
    if let left = try state.finishPending(name) { return left }
    let pending = try state.pendingOrder(for: certificate, name: name, directory: configuration.directory)
    var issuance = Issuance(
      session: session, certificate: certificate, key: pending.key, order: pending.order, now: clock.now())
    var shown: [Challenge] = []
    let result: Result<CertificateFiles?, ACMEError>
    do throws(ACMEError) {
      result = .success(try await drive(&issuance, name, &shown, transport))
    } catch {
      result = .failure(error)
    }
    for challenge in shown { await challenges.retract(challenge) }
    session = issuance.session
    if case .failure(let error) = result, issuance.isOrderDead || (pending.order != nil && Self.isLasting(error)) {
      try state.dropPending(name)
    }
    return try result.get()
  }

  /// Whether an order that was taken up again and failed like this will only do so again.
  private static func isLasting(_ error: ACMEError) -> Bool {
    switch error.kind {
    case .malformed, .refused, .challengeFailed, .wrongCertificate: true
    case .configuration, .state, .transport, .rateLimited, .timedOut: false
    }
  }

  private func drive(
    _ issuance: inout Issuance, _ name: String, _ shown: inout [Challenge], _ transport: any ACMETransport
  ) async throws(ACMEError) -> CertificateFiles? {
    while !Task.isCancelled {
      switch try issuance.next(now: clock.now()) {
      case .send(let request):
        do throws(ACMEError) {
          let reply = try await transport.send(request)
          try issuance.received(reply, now: clock.now())
        } catch {
          // A request that was broken off by the end of the task is no failure.
          if Task.isCancelled { return nil }
          throw error
        }
      case .keepAccount(let account): try state.keep(account)
      case .keepOrder(let url):
        try state.keepOrder(url, names: issuance.names, name: name, directory: configuration.directory)
      case .forgetOrder: try state.forgetOrder(name)
      case .present(let challenge):
        shown.append(challenge)
        await challenges.present(challenge)
      case .retract(let challenge):
        shown.removeAll { $0 == challenge }
        await challenges.retract(challenge)
      case .wait(let seconds):
        do { try await clock.sleep(for: .seconds(seconds)) } catch { return nil }
      case .finished(let chain): return try state.install(chain, name: name)
      }
    }
    return nil
  }
}
