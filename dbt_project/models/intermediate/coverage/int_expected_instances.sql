-- Source instances whose collections are expected: those of the engagement, and the registers and a system of people whether it
-- names them or not.
with instances as (

    select * from {{ ref('int_source_instances') }}

),

counted as (

    select
        count(case when source = 'registers' then 1 end) as registers,
        count(case when source in ('bamboohr', 'hris_csv') then 1 end) as hris
    from instances

),

final as (

    select
        source,
        instance
    from instances
    union all
    select
        'registers',
        'registers (not configured)'
    from counted
    where registers = 0
    union all
    select
        'bamboohr',
        'HRIS (not configured)'
    from counted
    where hris = 0

)

select * from final
