// case: the clock goes forward
const a = performance.now();
await new Promise((resolve) => setTimeout(resolve, 5));
const b = performance.now();
return [a >= 0, b - a >= 3.9, b - a < 1000];

// case: the origin is a moment of the wall clock
return Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000;

// case: marks and measures can be made
const mark = performance.mark("a", { startTime: 5, detail: { x: 1 } });
const measure = performance.measure("m", { start: 10, end: 25 });
return [mark.name, mark.entryType, mark.startTime, mark.duration, mark.detail, measure.name, measure.entryType, measure.startTime, measure.duration];

// case: clearing gives nothing back
return [performance.clearMarks(), performance.clearMeasures("x")].map(String);
