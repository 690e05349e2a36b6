"use strict";
(() => {
  // Players: all videos of a clip in step. The longest one keeps the time; a shorter one stays on its last frame.
  const data = document.getElementById("players");
  if (!data) return;
  const described = JSON.parse(data.textContent);
  const svg = "http://www.w3.org/2000/svg";

  const player = (section, { fps, frames, curves }) => {
    const videos = [...section.querySelectorAll("video")];
    if (!videos.length) return;
    const count = (video) => Number(video.dataset.frames ?? frames);
    const master = videos.reduce((one, other) => (count(other) > count(one) ? other : one));
    const controls = section.querySelector(".controls");
    const act = (name) => section.querySelector(`[data-do="${name}"]`);
    const scrubber = controls.querySelector("input[type=range]");
    const output = controls.querySelector("output");
    const plot = section.querySelector(".plot");
    const cursor = document.createElementNS(svg, "line");
    const reference = section.querySelector(".reference video");
    let frame = 0;
    let playing = false;

    controls.hidden = false;
    scrubber.max = frames - 1;
    for (const video of videos) video.removeAttribute("controls");

    const draw = () => {
      if (!act("difference").checked || !reference?.videoWidth) return;
      for (const canvas of section.querySelectorAll("canvas")) {
        const video = canvas.parentElement.querySelector("video");
        const [width, height] = [reference.videoWidth, reference.videoHeight];
        if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
        const context = canvas.getContext("2d");
        context.globalCompositeOperation = "source-over";
        context.drawImage(reference, 0, 0, width, height);
        context.globalCompositeOperation = "difference";
        context.drawImage(video, 0, 0, width, height);
      }
    };
    const show = () => {
      scrubber.value = frame;
      output.textContent = `frame ${frame + 1} of ${frames}`;
      const at = frames > 1 ? (1000 * frame) / (frames - 1) : 0;
      cursor.setAttribute("x1", at);
      cursor.setAttribute("x2", at);
      section.dataset.frame = frame;
      draw();
    };
    const label = () => {
      act("play").textContent = playing ? "❚❚" : "▶";
      act("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    };
    const pause = () => {
      playing = false;
      for (const video of videos) video.pause();
      label();
    };
    const seek = (wanted) => {
      frame = Math.max(0, Math.min(frames - 1, Math.round(wanted)));
      for (const video of videos) video.currentTime = (Math.min(frame, count(video) - 1) + 0.5) / fps;
      show();
    };
    const go = (wanted) => {
      pause();
      seek(wanted);
    };
    const follow = () => {
      if (!playing) return;
      frame = Math.min(frames - 1, Math.floor(master.currentTime * fps + 0.001));
      for (const video of videos) {
        const last = (count(video) - 0.5) / fps;
        const wanted = Math.min(master.currentTime, last);
        if (master.currentTime >= last && video !== master) video.pause();
        if (Math.abs(video.currentTime - wanted) > 1.5 / fps) video.currentTime = wanted;
      }
      show();
      if (master.ended) {
        pause();
        seek(frames - 1);
      } else requestAnimationFrame(follow);
    };
    const play = () => {
      if (frame >= frames - 1) seek(0);
      playing = true;
      label();
      for (const video of videos) {
        video.playbackRate = Number(act("speed").value);
        video.play().catch(() => {});
      }
      requestAnimationFrame(follow);
    };
    for (const video of videos) {
      video.addEventListener("seeked", draw);
      video.addEventListener("loadeddata", draw);
    }
    act("play").addEventListener("click", () => (playing ? pause() : play()));
    act("back").addEventListener("click", () => go(frame - 1));
    act("forward").addEventListener("click", () => go(frame + 1));
    scrubber.addEventListener("input", () => go(Number(scrubber.value)));
    act("speed").addEventListener("change", () => {
      for (const video of videos) video.playbackRate = Number(act("speed").value);
    });
    act("difference").addEventListener("change", () => {
      for (const canvas of section.querySelectorAll("canvas")) canvas.hidden = !act("difference").checked;
      draw();
    });
    for (const name of ["points", "found"])
      act(name)?.addEventListener("change", () => {
        for (const video of section.querySelectorAll(`.${name}`)) video.hidden = !act(name).checked;
      });
    section.addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, summary, button, a") || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = { " ": () => (playing ? pause() : play()), ArrowLeft: () => go(frame - 1), ArrowRight: () => go(frame + 1) };
      if (!(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });

    // The curve: one line for each run.
    const names = [...new Set(Object.values(curves).flatMap((of) => of.map((curve) => curve.name)))];
    if (names.length) {
      const box = section.querySelector(".curve");
      const list = act("curve");
      box.hidden = false;
      for (const name of names) {
        const found = Object.values(curves).flat().find((curve) => curve.name === name);
        list.append(new Option(found.unit === "1" ? name : `${name}, ${found.unit}`, name));
      }
      const field = plot.querySelector("svg");
      cursor.setAttribute("y1", 0);
      cursor.setAttribute("y2", 100);
      const render = () => {
        const chosen = Object.entries(curves).flatMap(([run, of]) => of.filter((curve) => curve.name === list.value).map((curve) => [run, curve]));
        const values = chosen.flatMap(([, curve]) => curve.values).filter((value) => value !== null);
        const [low, high] = [Math.min(...values), Math.max(...values)];
        const room = high > low ? high - low : 1;
        field.replaceChildren();
        for (const [run, { values: along }] of chosen) {
          const path = document.createElementNS(svg, "path");
          let pen = "M";
          let drawn = "";
          along.forEach((value, index) => {
            if (value === null) {
              pen = "M";
              return;
            }
            const across = frames > 1 ? (1000 * index) / (frames - 1) : 0;
            drawn += `${pen}${across.toFixed(1)} ${(95 - (90 * (value - low)) / room).toFixed(1)}`;
            pen = "L";
          });
          path.setAttribute("d", drawn);
          path.setAttribute("class", `key-${run % 6}`);
          field.append(path);
        }
        field.append(cursor);
        plot.querySelector(".top").textContent = values.length ? high.toPrecision(3) : "";
        plot.querySelector(".bottom").textContent = values.length ? low.toPrecision(3) : "";
      };
      list.addEventListener("change", render);
      field.addEventListener("click", (event) => {
        const { left, width } = field.getBoundingClientRect();
        go(((event.clientX - left) / width) * (frames - 1));
      });
      render();
    }
    show();
    // Videos are loaded when their player comes near, so that a page of many opens at once.
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        for (const video of videos) video.preload = "auto";
        seek(frame);
      },
      { rootMargin: "400px" },
    );
    near.observe(section);
  };
  for (const section of document.querySelectorAll(".player")) player(section, described[Number(section.dataset.player)]);
})();
