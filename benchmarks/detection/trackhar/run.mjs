// Runs TrackHAR's processRequest over one seed's traffic: node run.mjs DIR OUT [PASSES]
//
// Requests are made by TrackHAR's own unhar, before the clock starts. Each known value is a property of its own, so that
// what is found names the value; a location is also given as latitude and longitude, and counts when both are found.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processRequest, unhar } from 'trackhar';

const [folder, out, passes = '3'] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const requests = unhar(read('traffic.har'));
const values = read('values.json');

const indicatorValues = {};
for (const { id, type, value } of values) {
    indicatorValues[id] = [value];
    if (type !== 'location') continue;
    const [latitude, longitude] = value.split(',');
    indicatorValues[`${id} latitude`] = [latitude];
    indicatorValues[`${id} longitude`] = [longitude];
}

const pass = () => {
    const cpu = process.cpuUsage();
    const began = process.hrtime.bigint();
    const results = requests.map((request) => processRequest(request, { indicatorValues }));
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const used = process.cpuUsage(cpu);
    return { results, seconds, cpu: (used.user + used.system) / 1e6 };
};

const runs = Array.from({ length: Number(passes) }, pass);
const best = runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

const findings = [];
best.results.forEach((result, index) => {
    const properties = new Set((result ?? []).map((item) => item.property));
    for (const { id, type } of values) {
        const apart = properties.has(`${id} latitude`) && properties.has(`${id} longitude`);
        if (properties.has(id) || apart) findings.push([index, id, type, false]);
    }
});

const { version } = JSON.parse(readFileSync(new URL('./node_modules/trackhar/package.json', import.meta.url), 'utf8'));
const { seconds, cpu } = best;
writeFileSync(out, JSON.stringify({ tool: 'TrackHAR', version, requests: requests.length, setup: 0, seconds, cpu, findings }));
