// Prints the last line of a CI run, `N passed, N failed, N skipped`, from vitest's JSON report. Exits with 1 when
// something failed or the report is not there, which means that the tests did not come to their end.
import { readFileSync } from 'node:fs';

const [path] = process.argv.slice(2);

function readReport() {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`no test report: expected vitest's JSON in ${path} (${error.message})`);
    return { success: false, numPassedTests: 0, numFailedTests: 0, numTotalTests: 0, testResults: [] };
  }
}

const { success, numPassedTests, numFailedTests, numTotalTests, testResults } = readReport();
// A file that cannot even be loaded has no tests to count: it counts as one.
const broken = testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
);
for (const file of broken) console.error(`${file.name}: ${file.message}`);
const failed = numFailedTests + broken.length;
const skipped = numTotalTests - numPassedTests - numFailedTests;
console.log(`${numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
if (!success || failed > 0) process.exitCode = 1;
