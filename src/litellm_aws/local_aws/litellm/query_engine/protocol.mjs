// Translates requests from GraphQL, which prisma-client-py sends, to the JSON protocol of the WebAssembly engine, and the
// results back. Source of both protocols: query-engine/request-handlers in the repository prisma/prisma-engines.
import { parse } from 'graphql'

const OR_THROW = 'OrThrow'
const ACTIONS = [
  'findUnique',
  'findFirst',
  'findMany',
  'createOne',
  'createMany',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
  'upsertOne',
  'aggregate',
  'groupBy',
  'executeRaw',
  'queryRaw',
]

// Returns the queries of a GraphQL request. `key` is the name of each query's result.
export function queriesOf(text, documents) {
  const operations = parse(text, { noLocation: true }).definitions
  const fields = operations.flatMap((operation) => operation.selectionSet.selections)
  return fields.map((field) => queryOf(field, documents))
}

function queryOf(field, documents) {
  const name = field.name.value
  // The action is around the name of the model, as in findUniqueUserOrThrow.
  const ending = name.endsWith(OR_THROW) ? OR_THROW : ''
  const start = ACTIONS.find((each) => name.startsWith(each))
  const modelName = name.slice(start.length, name.length - ending.length) || undefined
  const query = {
    arguments: documents.inArguments(modelName, argumentsOf(field)),
    selection: selectionOf(field),
  }
  return { key: field.alias?.value ?? name, request: { modelName, action: start + ending, query } }
}

function argumentsOf(field) {
  return Object.fromEntries(field.arguments.map((each) => [each.name.value, valueOf(each.value)]))
}

function selectionOf(field) {
  const fields = field.selectionSet?.selections ?? []
  return Object.fromEntries(fields.map((each) => [each.name.value, selectedOf(each)]))
}

function selectedOf(field) {
  const isScalar = !field.selectionSet && !field.arguments.length
  return isScalar || { arguments: argumentsOf(field), selection: selectionOf(field) }
}

function valueOf(node) {
  switch (node.kind) {
    case 'NullValue':
      return null
    case 'IntValue':
      return integerOf(node.value)
    case 'FloatValue':
      return Number(node.value)
    case 'ListValue':
      return node.values.map(valueOf)
    case 'ObjectValue':
      return Object.fromEntries(node.fields.map((each) => [each.name.value, valueOf(each.value)]))
    default:
      return node.value // of a string, a boolean or an enumeration
  }
}

function integerOf(text) {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : { $type: 'BigInt', value: text }
}

// Returns the answer to one query in GraphQL's form.
export function answerOf({ key, request }, answer) {
  if (answer.errors) return answer
  const [result] = Object.values(answer.data)
  return { data: { [key]: request.action === 'queryRaw' ? rowsOf(result) : plain(result) } }
}

// GraphQL has no types in its values: dates, large integers and JSON documents are strings.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  if ('$type' in value) return value.value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

// Since Prisma 5.14 a table, before that an object for each row, which prisma-client-py 0.11 expects.
function rowsOf({ columns, types, rows }) {
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, cellOf(types[index], row[index])])))
}

function cellOf(type, cell) {
  const value = plain(cell)
  if (value === null) return { prisma__type: 'null', prisma__value: null }
  if (type.endsWith('-array')) {
    const elementType = type.slice(0, -'-array'.length)
    return { prisma__type: 'array', prisma__value: value.map((each) => cellOf(elementType, each)) }
  }
  // Only raw queries return JSON documents that are parsed.
  const isText = type === 'json' && typeof value === 'string'
  return { prisma__type: type, prisma__value: isText ? JSON.parse(value) : value }
}
