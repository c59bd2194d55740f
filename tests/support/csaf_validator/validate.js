// Reads CSAF 2.0 documents (a JSON list) from standard input; writes, for each, whether it is valid and what each test said.
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import { csaf_2_0_strict } from '@secvisogram/csaf-validator-lib/schemaTests.js'
import validate from '@secvisogram/csaf-validator-lib/validate.js'

let text = ''
for await (const chunk of process.stdin) text += chunk
const tests = [csaf_2_0_strict, ...Object.values(mandatory)]
const results = []
for (const document of JSON.parse(text)) {
  const result = await validate(tests, document)
  results.push({ isValid: result.isValid, ran: result.tests.map((t) => t.name), failed: result.tests.filter((t) => !t.isValid) })
}
process.stdout.write(JSON.stringify(results))
