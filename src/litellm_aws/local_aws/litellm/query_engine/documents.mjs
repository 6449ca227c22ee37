// Marks JSON documents in the arguments of queries. In GraphQL, a document is a string. In the JSON protocol, a string
// without a mark is a document that consists of this string.
const DOCUMENT_OPERATIONS = new Set([
  ...['set', 'equals', 'not', 'lt', 'lte', 'gt', 'gte'],
  ...['array_contains', 'array_starts_with', 'array_ends_with'],
])
const WITH_ARGUMENTS = ['data', 'where', 'create']

export class Documents {
  constructor(datamodel) {
    const models = [...datamodel.matchAll(/^model\s+(\w+)\s*{([^]*?)^}/gm)]
    this.types = new Map(models.map(([, model, body]) => [model, typesOfFields(body)]))
  }

  // Takes the arguments of a query or a nested write: where, data, create and so on.
  inArguments(model, values) {
    return mapped(values, (_, value) => this.inFields(model, value))
  }

  // Takes an object with fields of a model, or a list of such objects. AND, OR, NOT and the names of keys with several
  // columns contain fields of the same model.
  inFields(model, values) {
    return mapped(values, (name, value) => {
      const type = this.types.get(model)?.get(name)
      if (type === 'Json') return marked(value)
      return this.types.has(type) ? this.inRelation(type, value) : this.inFields(model, value)
    })
  }

  // Takes the operations of a nested filter or write.
  inRelation(model, operations) {
    return mapped(operations, (_, value) => {
      const hasArguments = [value].flat().some((each) => WITH_ARGUMENTS.some((name) => each?.[name] !== undefined))
      return hasArguments ? this.inArguments(model, value) : this.inFields(model, value)
    })
  }
}

function typesOfFields(body) {
  return new Map([...body.matchAll(/^\s*(\w+)\s+(\w+)/gm)].map(([, name, type]) => [name, type]))
}

function marked(value) {
  if (typeof value === 'string') return { $type: 'Json', value }
  return mapped(value, (name, each) => (DOCUMENT_OPERATIONS.has(name) ? marked(each) : each))
}

// Applies a function to each entry of an object, or of each object in a list. Other values remain.
function mapped(value, change) {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change))
  if (value === null || typeof value !== 'object' || '$type' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(name, each)]))
}
