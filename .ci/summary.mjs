// Prints the last line of a CI run, `N passed, N failed, N skipped`, from vitest's JSON reports. Exits with 1 when
// something failed or a report is not there, which means that the tests did not come to their end.
import { readFileSync } from 'node:fs';

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`no test report: expected vitest's JSON in ${path} (${error.message})`);
    return { success: false, numPassedTests: 0, numFailedTests: 0, numTotalTests: 0, testResults: [] };
  }
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const { success, numPassedTests, numFailedTests, numTotalTests, testResults } = readReport(path);
  // A file that cannot even be loaded has no tests to count: it counts as one.
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  );
  for (const file of broken) console.error(`${file.name}: ${file.message}`);
  total.passed += numPassedTests;
  total.failed += numFailedTests + broken.length;
  total.skipped += numTotalTests - numPassedTests - numFailedTests;
  if (!success) process.exitCode = 1;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.failed > 0) process.exitCode = 1;
