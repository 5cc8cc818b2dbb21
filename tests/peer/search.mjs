// The search: shape, counts of a filter without a term, refusals. How results are ranked is each engine's own.
import { differences } from './normal.mjs';

const FILTERED = ['', 'filters[kind]=Component', 'filters[kind]=component', 'filters[kind][0]=API&filters[kind][1]=System', 'filters[namespace]=edges', 'types[0]=software-catalog', 'filters[nowhere]=x'];
const REFUSED = ['pageLimit=101', `term=${'x'.repeat(101)}`, 'types[0]=nothing', 'types=software-catalog', 'pageLimit=x'];

export async function search({ backstage, stagedoor, report }) {
  const ask = (system, query) => system.ask({ plugin: 'search', path: `/query?${query}` });
  const shape = ({ highlight, rank, ...result }) => result;
  const key = ({ document }) => document.location;
  // The peer builds its index every few seconds.
  const entities = backstage.uids.size;
  for (let left = 120; left > 0 && (await ask(backstage, 'term=')).body?.numberOfResults < entities; left -= 1) await new Promise((resolve) => setTimeout(resolve, 500));
  for (const query of FILTERED) {
    const all = async (system) => {
      const first = await ask(system, `term=&pageLimit=100&${query}`);
      return { status: first.status, count: first.body?.numberOfResults, type: first.headers['content-type'] };
    };
    const found = differences(await all(backstage), await all(stagedoor));
    found.length === 0 ? report.alike('search') : report.differs('search', query, undefined, found);
  }
  for (const term of ['whole', 'rocket', 'elsa', 'crew']) {
    const documents = async (system) => {
      const { status, body } = await ask(system, `term=${term}&pageLimit=100`);
      return { status, documents: new Map(body.results.map((result) => [key(result), shape(result)])), keys: Object.keys(body).sort() };
    };
    const [theirs, ours] = [await documents(backstage), await documents(stagedoor)];
    // What both found has the same document.
    const common = [...theirs.documents.keys()].filter((one) => ours.documents.has(one));
    const found = common.flatMap((one) => differences(theirs.documents.get(one), ours.documents.get(one), one));
    if (common.length === 0) found.push({ at: term, theirs: [...theirs.documents.keys()], ours: [...ours.documents.keys()] });
    found.length === 0 ? report.alike('search') : report.differs('search', term, undefined, found);
  }
  for (const query of REFUSED) {
    const of = async (system) => {
      const { status, body } = await ask(system, query);
      return { status, name: body?.error?.name, message: body?.error?.message };
    };
    const found = differences(await of(backstage), await of(stagedoor));
    found.length === 0 ? report.alike('search') : report.differs('search', query, undefined, found);
  }
}
