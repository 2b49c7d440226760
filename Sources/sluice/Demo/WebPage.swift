/// The demo's one page; everything is inline, nothing is fetched from elsewhere.
func webPage(edition: String) -> String {
  let accent = edition == "next" ? "#b45309" : "#0f766e"
  return """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tank 1 · Sluice demo</title>
    <link rel="icon" href="data:,">
    <style>
      :root { color-scheme: light dark; --accent: \(accent); --card: light-dark(#fff, #1c2527);
        --ink: light-dark(#17292b, #e4eeee); --soft: light-dark(#5d7274, #93a8aa); --line: light-dark(#dbe5e5, #2f3b3d); }
      * { box-sizing: border-box }
      body { margin: 0; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
        background: light-dark(#f0f5f5, #121a1b) }
      main { max-width: 52rem; margin: auto; display: grid; gap: 1rem }
      h1 { margin: 0; font-size: 1.6rem } h2 { margin: 0 0 .5rem; font-size: 1rem }
      p { margin: .25rem 0 } small, .soft { color: var(--soft) }
      .cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)) }
      .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem }
      .value { font-size: 2rem; font-weight: 600; font-variant-numeric: tabular-nums }
      .bar { height: .5rem; border-radius: 1rem; background: var(--line); overflow: hidden }
      .bar i { display: block; height: 100%; width: 0; background: var(--accent); transition: width .8s }
      button { font: inherit; color: #fff; background: var(--accent); border: 0; border-radius: .5rem;
        padding: .5rem .9rem; margin: .25rem .5rem .25rem 0; cursor: pointer }
      button.plain { color: var(--ink); background: none; border: 1px solid var(--line) }
      output, code { font: 14px/1.6 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
      .badge { font-size: .8rem; color: #fff; background: var(--accent); border-radius: 1rem; padding: .1rem .6rem }
    </style>
    <main>
      <header><h1>Tank 1 <span class="badge" id="edition">edition \(edition)</span></h1>
        <p class="soft">A page, an API and a PLC behind one gate. Every request here went through Sluice.</p></header>
      <section class="cards">
        <div class="card"><h2>Level</h2><div class="value"><span id="level">–</span> %</div>
          <div class="bar"><i id="bar"></i></div></div>
        <div class="card"><h2>Temperature</h2><div class="value"><span id="temperature">–</span> °C</div></div>
        <div class="card"><h2>Inflow</h2><div class="value"><span id="inflow">–</span> <small>l/min</small></div></div>
      </section>
      <section class="card"><h2>Change the level setpoint</h2>
        <button id="signed">Set 62.5 % with a content digest</button>
        <button id="bare" class="plain">Set 62.5 % without one (refused)</button>
        <output id="answer"></output></section>
      <section class="card"><h2>Long-lived connections</h2>
        <p>Server-sent events: <code id="events">waiting</code></p>
        <p>WebSocket echo: <code id="socket">waiting</code></p></section>
    </main>
    <script>
      const $ = id => document.getElementById(id)
      async function values() {
        try {
          const v = await (await fetch('/api/values')).json()
          $('level').textContent = v.levelPercent.toFixed(1)
          $('bar').style.width = v.levelPercent + '%'
          $('temperature').textContent = v.temperatureCelsius.toFixed(1)
          $('inflow').textContent = v.inflowLitersPerMinute.toFixed(0)
        } catch (error) { $('level').textContent = '–' }
      }
      values(); setInterval(values, 1000)
      async function set(signed) {
        const body = JSON.stringify({ level: 62.5 })
        const headers = { 'Content-Type': 'application/json' }
        if (signed) {
          const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body)))
          headers['Content-Digest'] = 'sha-256=:' + btoa(String.fromCharCode(...hash)) + ':'
        }
        const reply = await fetch('/api/setpoints', { method: 'POST', headers, body })
        const id = reply.headers.get('x-request-id')
        $('answer').textContent = reply.status + ' ' + (await reply.text()).trim() + '\\nwhy: sluice explain ' + id
      }
      $('signed').onclick = () => set(true)
      $('bare').onclick = () => set(false)
      let count = 0
      new EventSource('/events').onmessage = event => { $('events').textContent = ++count + ' events, last ' + event.data }
      const socket = new WebSocket('ws://' + location.host + '/ws')
      let sent = 0
      socket.onopen = () => setInterval(() => socket.send('hello ' + ++sent), 2000)
      socket.onmessage = event => { $('socket').textContent = 'echoed “' + event.data + '”' }
      socket.onclose = () => { $('socket').textContent = 'closed' }
    </script>
    </html>

    """
}
