// The connections to PostgreSQL. The parameters of the URL and their defaults are the engine's own: "Connection URLs" and
// "Connection pool" in Prisma's documentation.
import os from 'node:os'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindAdapter } from '@prisma/driver-adapter-utils'
import pg from 'pg'

// IDs of the types `name` and `name[]` in PostgreSQL's catalog, which the adapter does not know, and of `text` and
// `text[]`, which replace them.
const TEXT_TYPES = new Map([
  [19, 25],
  [1003, 1009],
])
for (const [type, textType] of TEXT_TYPES) pg.types.setTypeParser(type, pg.types.getTypeParser(textType))

export class Database {
  constructor(url) {
    const { protocol, username, password, hostname, port, pathname, searchParams } = new URL(url)
    if (!/^postgres(ql)?:$/.test(protocol)) throw new Error('the URL of the database must start with postgresql://')
    const number = (name, otherwise) => Number(searchParams.get(name) ?? otherwise)
    this.address = { database_host: hostname, database_port: Number(port || 5432) }
    this.pool = new pg.Pool({
      host: hostname,
      port: this.address.database_port,
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      ssl: false, // the local Aurora does not speak TLS, whatever the URL says
      max: number('connection_limit', os.cpus().length * 2 + 1),
      connectionTimeoutMillis: number('pool_timeout', 10) * 1000,
      idleTimeoutMillis: number('max_idle_connection_lifetime', 300) * 1000,
      // The adapter takes each timestamp with a time zone as UTC.
      options: [searchParams.get('options'), '-c timezone=UTC'].filter(Boolean).join(' '),
      allowExitOnIdle: true,
    })
    // Without a listener, a connection that the server closes would end this process.
    this.pool.on('error', () => {})
    this.pool.on('connect', (client) => client.on('error', () => {}))
    this.adapter = bindAdapter(new TextPg(this.pool, { schema: searchParams.get('schema') ?? undefined }))
  }

  // Connects, so that a wrong URL is an error at the start, as with the real engine.
  async check() {
    await this.pool.query('SELECT 1')
  }

  // Replaces the errors of the driver, which the engine does not know, by the engine's own.
  explain(answer) {
    for (const error of answer.errors ?? []) {
      const facing = error.user_facing_error
      if (facing?.error_code !== 'P2036') continue
      const { error: cause } = this.adapter.errorRegistry.consumeError(facing.meta.id)
      this.adapter.errorRegistry.registeredErrors[facing.meta.id] = undefined // otherwise all errors are kept
      Object.assign(facing, this.facingError(cause))
      error.error = facing.message
    }
    return answer
  }

  // Source: "Error message reference" in Prisma's documentation.
  facingError(cause) {
    const { database_host: host, database_port: port } = this.address
    if (/timeout exceeded when trying to connect/.test(cause.message)) {
      const message = 'Timed out fetching a new connection from the connection pool.'
      return { error_code: 'P2024', message, meta: { connection_limit: this.pool.options.max } }
    }
    if (/^(ECONNREFUSED|EHOSTUNREACH|ENOTFOUND|ETIMEDOUT)$/.test(cause.code)) {
      return { error_code: 'P1001', message: `Can't reach database server at \`${host}:${port}\``, meta: this.address }
    }
    if (/^ECONNRESET$|^EPIPE$/.test(cause.code) || /terminated|not queryable/.test(cause.message)) {
      return { error_code: 'P1017', message: 'Server has closed the connection.', meta: {} }
    }
    return { error_code: 'P2010', message: `Raw query failed. Message: \`${cause.message}\``, meta: {} }
  }
}

class TextPg extends PrismaPg {
  async performIO(query) {
    return withTextTypes(await super.performIO(query))
  }

  async startTransaction() {
    const started = await super.startTransaction()
    return started.map((transaction) => {
      const performIO = transaction.performIO.bind(transaction)
      transaction.performIO = async (query) => withTextTypes(await performIO(query))
      return transaction
    })
  }
}

function withTextTypes(result) {
  for (const field of result.ok ? result.value.fields : []) {
    field.dataTypeID = TEXT_TYPES.get(field.dataTypeID) ?? field.dataTypeID
  }
  return result
}
