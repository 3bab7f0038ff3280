// Takes webhooks and verifies them with npm's standardwebhooks. The secret is
// in the file that is named first, because it is known only after the endpoint.
const fs = require('fs')
const http = require('http')
const { Webhook } = require('standardwebhooks')

const seen = []
http.createServer((req, res) => {
  if (req.method === 'GET') return res.end(JSON.stringify(seen))
  const parts = []
  req.on('data', part => parts.push(part)).on('end', () => {
    try {
      const hook = new Webhook(fs.readFileSync(process.argv[2], 'utf8'))
      hook.verify(Buffer.concat(parts).toString(), req.headers)
      seen.push(req.headers['webhook-id'])
      res.writeHead(204).end()
    } catch (err) {
      res.writeHead(400).end(String(err))
    }
  })
}).listen(Number(process.argv[3]), '127.0.0.1')
