// Stand-in for Prisma's query engine where its binary cannot be had. It is the same engine, as WebAssembly from the npm
// package @prisma/client, behind the command line and the HTTP interface of the binary: query-engine/query-engine in the
// repository prisma/prisma-engines. prisma-client-py starts it, and stops it with SIGINT.
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { Database } from './database.mjs'
import { Documents } from './documents.mjs'
import { answerOf, queriesOf } from './protocol.mjs'

const require = createRequire(import.meta.url)
const RUNTIME = '@prisma/client/runtime/query_engine_bg.postgresql'
const PARENT_CHECK_MILLISECONDS = 1000

async function main() {
  endWithParent()
  const database = new Database(databaseUrl())
  await database.check()
  const schema = datamodel()
  const engine = newEngine(schema, database)
  await engine.connect('{}')
  const port = Number(process.argv[process.argv.indexOf('-p') + 1])
  const service = new Service(engine, database, new Documents(schema))
  http.createServer((request, response) => service.respond(request, response)).listen(port, '127.0.0.1')
}

// The URL with a new IAM token comes in a variable of prisma-client-py.
function databaseUrl() {
  const [overwritten] = JSON.parse(process.env.OVERWRITE_DATASOURCES ?? '[]')
  return overwritten?.url ?? process.env.DATABASE_URL
}

// If the proxy is killed, it cannot stop its engine.
function endWithParent() {
  const parent = process.ppid
  setInterval(() => process.ppid === parent || process.exit(), PARENT_CHECK_MILLISECONDS)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit())
}

function newEngine(datamodel, database) {
  const bindings = require(`${RUNTIME}.js`)
  const module = new WebAssembly.Module(fs.readFileSync(require.resolve(`${RUNTIME}.wasm`)))
  bindings.__wbg_set_wasm(new WebAssembly.Instance(module, { './query_engine_bg.js': bindings }).exports)
  const options = {
    datamodel,
    logLevel: 'error',
    logQueries: false,
    datasourceOverrides: {},
    env: process.env,
    configDir: '.',
    engineProtocol: 'json',
    enableTracing: false,
  }
  return new bindings.QueryEngine(options, () => {}, database.adapter)
}

// The WebAssembly build takes a database only as a driver adapter, which is a feature of the JavaScript client.
function datamodel() {
  const generator = 'generator wasm {\n provider = "prisma-client-js"\n previewFeatures = ["driverAdapters"]\n}\n'
  const schema = fs.readFileSync(process.env.PRISMA_DML_PATH, 'utf8')
  return `${schema.replace(/^generator\s+\w+\s*{[^}]*}/gm, '')}\n${generator}`
}

class Service {
  constructor(engine, database, documents) {
    Object.assign(this, { engine, database, documents })
  }

  async respond(request, response) {
    let answer
    try {
      answer = this.database.explain(await this.answer(request, await bodyOf(request)))
    } catch (error) {
      // The client closed the connection before the end of the request.
      if (!request.complete) return
      // A panic leaves the WebAssembly instance unusable. LiteLLM starts a new engine.
      if (error instanceof WebAssembly.RuntimeError) setImmediate(() => process.exit(1))
      console.error('query-engine:', error)
      const message = String(error)
      answer = { errors: [{ error: message, user_facing_error: { is_panic: true, message, backtrace: null } }] }
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  async answer(request, body) {
    const [, resource, id, action] = request.url.split('?')[0].split('/')
    if (resource === 'status') return { status: 'ok' }
    if (resource === 'metrics') return { counters: [], gauges: [], histograms: [] }
    if (resource === 'transaction') return this.transaction(id, action, body)
    const { query, batch, transaction } = JSON.parse(body)
    const run = async (sent) => {
      return JSON.parse(await this.engine.query(JSON.stringify(sent), '{}', request.headers['x-transaction-id']))
    }
    return batch ? this.batch(run, batch, transaction) : this.document(run, query)
  }

  async transaction(id, action, body) {
    if (id === 'start') return JSON.parse(await this.engine.startTransaction(body, '{}'))
    if (action === 'commit') return JSON.parse(await this.engine.commitTransaction(id, '{}'))
    return JSON.parse(await this.engine.rollbackTransaction(id, '{}'))
  }

  async document(run, text) {
    const data = {}
    for (const query of queriesOf(text, this.documents)) {
      const answer = answerOf(query, await run(query.request))
      if (answer.errors) return answer
      Object.assign(data, answer.data)
    }
    return { data }
  }

  async batch(run, batch, inTransaction) {
    const queries = batch.flatMap((each) => queriesOf(each.query, this.documents))
    const requests = queries.map((each) => each.request)
    const answer = await run({ batch: requests, transaction: inTransaction ? {} : undefined })
    if (answer.errors) return answer
    return { batchResult: answer.batchResult.map((each, index) => answerOf(queries[index], each)) }
  }
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

main().catch((error) => {
  console.error('query-engine:', error.message)
  process.exit(1)
})
