// Stand-in for Prisma's query engine where its binary cannot be had. It is the same engine, as WebAssembly from the npm
// package @prisma/client, behind the command line and the HTTP interface of the binary: query-engine/query-engine in the
// repository prisma/prisma-engines. prisma-client-py starts it, and stops it with SIGINT.
import fs from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { Database } from './database.mjs'
import { answerOf, queriesOf } from './protocol.mjs'

const require = createRequire(import.meta.url)
const RUNTIME = '@prisma/client/runtime/query_engine_bg.postgresql'
const PARENT_CHECK_MILLISECONDS = 1000

async function main() {
  if (process.argv.includes('--version')) return console.log(`query-engine ${enginesVersion()}`)
  endWithParent()
  const database = new Database(databaseUrl())
  await database.check()
  const engine = newEngine(database)
  await engine.connect('{}')
  const port = Number(process.argv[process.argv.indexOf('-p') + 1])
  http.createServer((request, response) => respond(engine, database, request, response)).listen(port, '127.0.0.1')
}

function enginesVersion() {
  return require('@prisma/engines-version').enginesVersion.split('.').at(-1)
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

function newEngine(database) {
  const bindings = require(`${RUNTIME}.js`)
  const module = new WebAssembly.Module(fs.readFileSync(require.resolve(`${RUNTIME}.wasm`)))
  bindings.__wbg_set_wasm(new WebAssembly.Instance(module, { './query_engine_bg.js': bindings }).exports)
  const options = {
    datamodel: datamodel(),
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

async function respond(engine, database, request, response) {
  const body = await bodyOf(request)
  let answer
  try {
    answer = database.explain(await answerTo(engine, request, body))
  } catch (error) {
    // A panic leaves the WebAssembly instance unusable. LiteLLM starts a new engine.
    if (error instanceof WebAssembly.RuntimeError) setImmediate(() => process.exit(1))
    console.error('query-engine:', error)
    const message = String(error)
    answer = { errors: [{ error: message, user_facing_error: { is_panic: true, message, backtrace: null } }] }
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

async function bodyOf(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function answerTo(engine, request, body) {
  const [, resource, id, action] = request.url.split('?')[0].split('/')
  if (resource === 'status') return { status: 'ok' }
  if (resource === 'metrics') return { counters: [], gauges: [], histograms: [] }
  if (resource === 'transaction' && id === 'start') return JSON.parse(await engine.startTransaction(body, '{}'))
  if (resource === 'transaction' && action === 'commit') return JSON.parse(await engine.commitTransaction(id, '{}'))
  if (resource === 'transaction') return JSON.parse(await engine.rollbackTransaction(id, '{}'))
  const { query, batch, transaction } = JSON.parse(body)
  const run = async (sent) => {
    return JSON.parse(await engine.query(JSON.stringify(sent), '{}', request.headers['x-transaction-id']))
  }
  return batch ? batchAnswer(run, batch, transaction) : documentAnswer(run, query)
}

async function documentAnswer(run, document) {
  const data = {}
  for (const query of queriesOf(document)) {
    const answer = answerOf(query, await run(query.request))
    if (answer.errors) return answer
    Object.assign(data, answer.data)
  }
  return { data }
}

async function batchAnswer(run, batch, inTransaction) {
  const queries = batch.flatMap((each) => queriesOf(each.query))
  const answer = await run({
    batch: queries.map((each) => each.request),
    transaction: inTransaction ? {} : undefined,
  })
  if (answer.errors) return answer
  return { batchResult: answer.batchResult.map((each, index) => answerOf(queries[index], each)) }
}

main().catch((error) => {
  console.error('query-engine:', error.message)
  process.exit(1)
})
